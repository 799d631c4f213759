"""The ``newsroom`` command: verbs come from each package's ``commands.py`` by entry point.

Data goes to stdout, everything else to stderr. Exit codes: 0 fine, 1 failed, 2 usage,
3 quality floor missed, 4 not configured.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer

from newsroom.errors import BadRequest, Misconfigured, NewsroomError

EXIT_FAILED, EXIT_USAGE, EXIT_FLOOR, EXIT_CONFIGURED = 1, 2, 3, 4
GROUP = "newsroom.commands"

app = typer.Typer(
    name="newsroom",
    help="What the news covers, and how: an open observatory of media bias.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


def build() -> typer.Typer:
    """The command with the verbs of every installed package."""
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        app.add_typer(entry.load())
    return app


def main() -> None:
    """Run; an error of ours is one line on stderr and the exit code of its kind."""
    try:
        build()()
    except NewsroomError as error:
        print(f"newsroom: {error.message} [{error.code}]", file=sys.stderr)
        codes = {Misconfigured: EXIT_CONFIGURED, BadRequest: EXIT_USAGE}
        raise SystemExit(codes.get(type(error), EXIT_FAILED)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:  # the reader of our stdout has seen enough
        sys.stderr.close()
        raise SystemExit(0) from None
