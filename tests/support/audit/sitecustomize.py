"""Put first on PYTHONPATH: writes every address that Python connects to, to the file AUDIT_FILE.

Names under ``inside.example`` lead to this machine, as a lying name server would say.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

_FILE = os.environ["AUDIT_FILE"]
_asked = socket.getaddrinfo


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        with open(_FILE, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(f"{arguments[1]}\n")


def _getaddrinfo(host: Any, *arguments: Any, **more: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    lies = isinstance(name, str) and name.endswith("inside.example")
    return _asked("127.0.0.1" if lies else host, *arguments, **more)


socket.getaddrinfo = _getaddrinfo
sys.addaudithook(_hook)
