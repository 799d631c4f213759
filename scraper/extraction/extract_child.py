"""The extracting process, ``python -m scraper.extraction.extract_child FD``; ``extractors`` asks.

The records it exchanges live in ``reading``: what a main module defines cannot travel.
"""

from __future__ import annotations

import os
import resource
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from scraper.extraction.reading import WARM_UP, Listing, Page, answer
from scraper.frontpage.page import Front

READY = "ready"
_STATM = Path("/proc/self/statm")
MEMORY_BYTES = 1 << 30  # on top of what the libraries map at the start


def main() -> None:
    """Answer page after page until the pipe closes."""
    pipe = Connection(int(sys.argv[1]))
    answer(WARM_UP)
    mapped = int(_STATM.read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES, mapped + MEMORY_BYTES))
    pipe.send(READY)
    while True:
        try:
            page: Page | Listing | Front = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        pipe.send(answer(page))


if __name__ == "__main__":
    main()
