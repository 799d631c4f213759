"""Filter state ↔ URL query, page addresses, and the one place where links are made.

The query string is the whole state of a view: what `Filters` holds is what a shared link carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from dash import dcc, html
from dash.development.base_component import Component

SCALE_MAX: Final = 5.0
TEXT_MAX: Final = 200  # characters of a query value; longer is no filter of ours
OUTLETS_MAX: Final = 50
RUN_MIN, RUN_MAX = 8, 64  # digits of a run's id that the API takes
ANY: Final = "any"  # what a control shows while it narrows nothing

# First match wins. The names are modules of dashboard.pages.
ROUTES: Final = (
    ("today", ()),
    ("coverage", ("coverage",)),
    ("framing", ("framing",)),
    ("articles", ("articles",)),
    ("article", ("articles", "{id}")),
    ("events", ("events",)),
    ("event", ("events", "{id}")),
    ("story", ("stories", "{id}")),
    ("compare", ("compare",)),
    ("outlets", ("outlets",)),
    ("pipeline", ("pipeline",)),
    ("methods", ("methods",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Everything a view depends on besides its path.

    ``item`` is the id in the path. ``problems`` names the parts of a link that could not be read;
    they are shown, never guessed.
    """

    publisher: tuple[str, ...] = ()
    category: str | None = None
    topic: str | None = None
    news_type: str | None = None
    event: str | None = None
    story: str | None = None
    q: str | None = None
    published_from: date | None = None
    published_to: date | None = None
    lean_min: float | None = None
    lean_max: float | None = None
    tone_min: float | None = None
    tone_max: float | None = None
    labelled: str | None = None
    sort: str | None = None
    colour: str | None = None
    shares: str | None = None
    run: str | None = None
    item: str | None = None
    problems: tuple[str, ...] = ()
    level: str | None = None
    state: str | None = None
    without: str | None = None
    as_of: str | None = None
    subtopic: str | None = None
    weights: str | None = None
    highlight: str | None = None
    view: str | None = None
    live: str | None = None
    against: str | None = None
    kind: str | None = None
    compare: str | None = None
    before_from: date | None = None
    before_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A page of ours and the id its path carries, if it carries one."""

    page: str
    item: str | None = None


def route(pathname: str | None) -> Route | None:
    """The page at ``pathname``, or None where there is none."""
    parts = tuple(unquote(part) for part in (pathname or "/").split("/") if part)
    for page, pattern in ROUTES:
        if len(pattern) != len(parts):
            continue
        pairs = list(zip(pattern, parts, strict=True))
        if all(want in ("{id}", got) for want, got in pairs):
            return Route(page=page, item=next((got for w, got in pairs if w == "{id}"), None))
    return None


def _text(value: str) -> str:
    value = value.strip()
    if not value or len(value) > TEXT_MAX or not value.isprintable():
        raise ValueError
    return value


def _scale(value: str) -> float:
    number = float(value)
    if not -SCALE_MAX <= number <= SCALE_MAX:  # also false for nan
        raise ValueError
    return number


def _run(value: str) -> str:
    if not RUN_MIN <= len(value) <= RUN_MAX or not value.isalnum():
        raise ValueError
    return value


def _moment(value: str) -> str:
    if datetime.fromisoformat(value).tzinfo is None and len(value) > len("2026-11-20"):
        raise ValueError
    return value


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError
        return value

    return read


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "publisher": _text,
    "category": _text,
    "topic": _text,
    "news_type": _text,
    "event": _text,
    "story": _text,
    "q": _text,
    "published_from": date.fromisoformat,
    "published_to": date.fromisoformat,
    "lean_min": _scale,
    "lean_max": _scale,
    "tone_min": _scale,
    "tone_max": _scale,
    "labelled": _one_of("true", "false"),
    "sort": _text,
    "colour": _one_of("category", "topic"),
    "shares": _one_of("true"),
    "run": _run,
    "level": _one_of("stories"),
    "state": _one_of("open", "closed"),
    "without": _text,
    "as_of": _moment,
    "subtopic": _text,
    "weights": _one_of("outlet", "prominence"),
    "highlight": _text,
    "view": _one_of("grid"),
    "live": _one_of("false"),
    "against": _run,
    "kind": _one_of("tone"),
    "compare": _one_of("periods"),
    "before_from": date.fromisoformat,
    "before_to": date.fromisoformat,
}
# Controls of two days, and the names of both.
PERIODS: Final[Mapping[str, tuple[str, str]]] = {
    "published": ("published_from", "published_to"),
    "before": ("before_from", "before_to"),
}
# What concerns the drawing only, or is asked of events alone, and is not sent with the rest.
VIEW_ONLY: Final = frozenset(
    {
        "colour",
        "shares",
        "level",
        "state",
        "without",
        "live",
        "against",
        "weights",
        "highlight",
        "view",
        "kind",
        "compare",
        "before_from",
        "before_to",
    }
)


def parse(search: str | None, item: str | None = None) -> Filters:
    """Filters of a query string. What cannot be read is left out and named in ``problems``."""
    found: dict[str, Any] = {}
    outlets: list[str] = []
    problems: list[str] = []
    for name, raw in parse_qsl((search or "").removeprefix("?")):
        try:
            value = READERS[name](raw)
        except (KeyError, ValueError):
            problems.append(f"{name}={raw}"[:80])
            continue
        if name != "publisher":
            found[name] = value
        elif value not in outlets and len(outlets) < OUTLETS_MAX:
            outlets.append(value)
    for first, last in PERIODS.values():
        begin, end = found.get(first), found.get(last)
        if begin and end and begin > end:
            problems.append(f"dates reversed: {begin} comes after {end}")
            del found[first], found[last]
    return Filters(publisher=tuple(outlets), item=item, problems=tuple(problems), **found)


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def pairs(filters: Filters) -> list[tuple[str, str]]:
    """The set filters as name and value, in one order, so that equal views have equal links."""
    out: list[tuple[str, str]] = []
    for name in (f.name for f in fields(Filters) if f.name in READERS):
        value = getattr(filters, name)
        if name == "publisher":
            out.extend((name, outlet) for outlet in value)
        elif value is not None:
            out.append((name, _plain(value)))
    return out


def search_of(filters: Filters) -> str:
    """The query string of a view, with its question mark, or nothing."""
    text = urlencode(pairs(filters))
    return f"?{text}" if text else ""


def query(filters: Filters, **more: str | int) -> list[tuple[str, str]]:
    """The same filters as parameters of an API call."""
    kept = [(name, value) for name, value in pairs(filters) if name not in VIEW_ONLY]
    return kept + [(name, str(value)) for name, value in more.items()]


def seen(filters: Filters) -> list[tuple[str, str]]:
    """The run whose labels a reader asked for, as a parameter of an API call."""
    return [("run", filters.run)] if filters.run else []


def narrowed(filters: Filters) -> bool:
    """True where a view shows fewer articles than there are; another run shows the same ones."""
    return bool([name for name, _ in query(filters) if name not in {"run", "sort"}])


def merged(search: str | None, values: Mapping[str, Any]) -> str:
    """The query string after a reader set some controls; ``None`` and ``[]`` clear one.

    ``published`` and ``before`` are pairs of dates, of which a half-chosen one changes nothing.
    """
    filters = parse(search)
    for name, value in values.items():
        if name in PERIODS:
            first, last = PERIODS[name]
            dates = [str(day)[:10] if day else None for day in (value or [None, None])]
            if (dates[0] is None) != (dates[1] is None):
                continue
            filters = _set(_set(filters, first, dates[0]), last, dates[1])
        else:
            filters = _set(filters, name, value)
    return search_of(filters)


def same(one: str | None, other: str | None) -> bool:
    """True if two query strings describe the same view."""
    return pairs(parse(one)) == pairs(parse(other))


def _set(filters: Filters, name: str, value: Any) -> Filters:
    if name == "publisher":
        return replace(filters, publisher=tuple(value or ()))
    if value in (None, "", ANY, []):
        return replace(filters, **{name: None})  # type: ignore[arg-type]  # only publisher is no option
    try:
        return replace(filters, **{name: READERS[name](str(value))})
    except ValueError:
        return filters


def path(*parts: str, filters: Filters | None = None) -> str:
    """An address of ours; each part is quoted, so an id can never leave its place."""
    spelt = "/" + "/".join(quote(part, safe="") for part in parts)
    return spelt + (search_of(filters) if filters else "")


def api_path(route_: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
    """The address of the same data in the API: what "get the data" opens."""
    text = urlencode(list(parameters))
    return f"/v1/{route_}" + (f"?{text}" if text else "")


def origin(href: str | None) -> str:
    """Scheme and host of the page's own address, as the reader's browser tells it."""
    found = urlsplit(href or "")
    return f"{found.scheme}://{found.netloc}" if is_web(href) else ""


def is_web(url: str | None) -> bool:
    """True for an absolute http or https address with a host, and nothing else."""
    try:
        found = urlsplit((url or "").strip())
    except ValueError:
        return False
    return found.scheme in {"http", "https"} and bool(found.hostname)


def inside(label: Any, href: str, **props: Any) -> Component:
    """A link to a page of ours."""
    return dcc.Link(label, href=href, **props)


def data(label: Any, href: str, **props: Any) -> Component:
    """A link to the API; it opens beside the page, which keeps its place."""
    return html.A(label, href=href, target="_blank", rel="noopener", **props)


def link(label: Any, url: str | None, **props: Any) -> Component:
    """A link out of here. Only http and https become one: anything else stays plain text."""
    if url is None or not is_web(url):
        return html.Span(label, title="This address is not a web address, so it is not linked.")
    return html.A(
        label, href=url.strip(), target="_blank", rel="noopener noreferrer nofollow", **props
    )
