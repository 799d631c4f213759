"""One module a page: ``TITLE``, ``top``, ``layout`` and ``PANELS``, which are drawn from the API.

``top(filters)`` stays while filters change, so that a control keeps the focus; ``layout(filters)``
is redrawn with every change of the address.

A panel is ``async draw(client, filters) -> Component``: ask, then hand the answer to a pure part.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol, cast

from dash.development.base_component import Component

from dashboard.client import Client
from dashboard.links import Filters
from dashboard.pages import (
    article,
    articles,
    compare,
    coverage,
    event,
    events,
    framing,
    methods,
    outlets,
    pipeline,
    story,
    today,
)

Draw = Callable[[Client, Filters], Awaitable[Component]]


class Page(Protocol):
    """What a page module offers."""

    TITLE: str
    PANELS: Mapping[str, Draw]

    def top(self, filters: Filters) -> Component:
        """Title and controls."""
        ...

    def layout(self, filters: Filters) -> Component:
        """The rest, its panels still empty."""
        ...


PAGES: Final[Mapping[str, Page]] = {
    name: cast("Page", module)
    for name, module in (
        ("today", today),
        ("coverage", coverage),
        ("framing", framing),
        ("events", events),
        ("event", event),
        ("story", story),
        ("compare", compare),
        ("articles", articles),
        ("article", article),
        ("outlets", outlets),
        ("pipeline", pipeline),
        ("methods", methods),
    )
}
