"""One log for every process: structlog to stderr, as text for people or JSON for machines."""

from __future__ import annotations

import logging
import sys

import structlog

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
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, force=True)
