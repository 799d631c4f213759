"""Every error of ours, by what the caller should do about it.

NewsroomError            carries a stable kebab-case ``code`` used in logs, rows and API problems
├── Refused              will never work: quarantine it under its code
├── Later                may work later: try again after ``delay_s``
├── Misconfigured        nothing can work until a person changes something: stop the process
├── NotFound             the thing asked for does not exist
├── Conflict             somebody else changed it meanwhile: look again, then decide again
└── BadRequest           the question itself is wrong: say which part
"""

from __future__ import annotations

from typing import Any


class NewsroomError(Exception):
    """Base of all; ``str(error)`` is one line a person can act on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by value: errors cross process borders (the default asks for one argument)."""
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(kind: type[NewsroomError], state: dict[str, Any]) -> NewsroomError:
    error = kind.__new__(kind, state["message"])
    error.__dict__.update(state)
    return error


class Refused(NewsroomError):
    """This input can never be processed; it goes to quarantine with its code."""


class Later(NewsroomError):
    """A passing fault; the work row becomes due again after ``delay_s`` (None: back-off rule)."""

    def __init__(self, code: str, message: str, *, delay_s: float | None = None) -> None:
        super().__init__(code, message)
        self.delay_s = delay_s


class Misconfigured(NewsroomError):
    """A setting, a service or a package is missing; the message says what to do."""


class NotFound(NewsroomError):
    """No such row."""


class Conflict(NewsroomError):
    """What the caller saw is no longer so; nothing was done."""


class BadRequest(NewsroomError):
    """A parameter cannot be understood; ``field`` names it."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code, message)
        self.field = field
