"""One log for every process: structlog to stderr, as text for people or JSON for machines."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from newsroom import keys
from newsroom.settings import Settings


def configure(settings: Settings) -> None:
    """Set up structlog once a process; bound ids are on each line."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
            _without_keys,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_WithoutKeys(logging.BASIC_FORMAT))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def _without_keys(_logger: object, _method: str, line: Any) -> str:
    """The last step of a line: whatever was logged, no API key leaves."""
    return keys.redacted(str(line))


class _WithoutKeys(logging.Formatter):
    """The same for what libraries log."""

    def format(self, record: logging.LogRecord) -> str:
        return keys.redacted(super().format(record))
