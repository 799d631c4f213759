from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

from newsroom import process


def test_stop_waits_for_an_orderly_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = process.start(
        [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"], log=log
    )
    while "up" not in process.tail(log):
        assert child.poll() is None
    process.stop(child, signal.SIGTERM)
    assert child.returncode == -signal.SIGTERM


def test_stop_kills_what_does_not_leave(tmp_path: Path) -> None:
    code = "import signal; signal.signal(15, lambda *_: None); print('up', flush=True)\nwhile True: signal.pause()"
    log = tmp_path / "log"
    child = process.start([sys.executable, "-c", code], log=log)
    while "up" not in process.tail(log):
        assert child.poll() is None
    process.stop(child, signal.SIGTERM, grace_s=0.1)
    assert child.returncode == -signal.SIGKILL


def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"""
import sys, signal
from pathlib import Path
from newsroom import process
child = process.start([sys.executable, "-c", "import signal; signal.pause()"], log=Path({str(tmp_path / "log")!r}))
Path({str(pid)!r}).write_text(str(child.pid))
print("up", flush=True)
signal.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    parent.kill()
    parent.wait()
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(pid.read_text())).wait(10)
