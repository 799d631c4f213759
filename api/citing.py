"""What makes a question citable: the same call again, where to look at it, and what it rests on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from api.comparison_filters import MEANS, SHARES, ComparisonQuery
from api.event_filters import EventsQuery, StoriesQuery
from api.filters import REPEATABLE, ArticleFilters, ArticlesQuery, Asked, TrendsQuery
from api.label_filters import AnnotationsQuery
from api.source_filters import FrontPagesQuery, SourcesQuery
from newsroom.errors import BadRequest
from newsroom.records import SENTENCE_COUNTS, Scope, Stage

Row = Mapping[str, Any]
Label = tuple[str, str]

PARAMETERS_MAX: Final = 100
# Which page of a list is looked at is no part of what is cited.
PAGING: Final = frozenset({"limit", "cursor", "count"})
# What the explorer's addresses carry, as dashboard.links reads them.
EXPLORED: Final = frozenset(
    {
        "publisher", "category", "topic", "news_type", "event", "story", "q", "published_from",
        "published_to", "lean_min", "lean_max", "tone_min", "tone_max", "labelled", "sort", "run",
        "compare", "before_from", "before_to",
    }
)  # fmt: skip
DAYS: Final = ("published_from", "published_to")
WHOLE_DAYS: Final = frozenset({*DAYS, "before_from", "before_to"})
SIDES: Final = frozenset({"of", "a", "b"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What can be cited: its parameters, the client's method, the explorer's page."""

    query: type[Asked]
    method: str
    page: str | None = None


KINDS: Final[Mapping[str, Kind]] = {
    "/v1/articles": Kind(query=ArticlesQuery, method="articles", page="/articles"),
    "/v1/trends": Kind(query=TrendsQuery, method="trends", page="/framing"),
    "/v1/comparisons": Kind(query=ComparisonQuery, method="comparisons", page="/compare"),
    "/v1/events": Kind(query=EventsQuery, method="events", page="/events"),
    "/v1/stories": Kind(query=StoriesQuery, method="stories"),
    "/v1/annotations": Kind(query=AnnotationsQuery, method="annotations"),
    "/v1/frontpages": Kind(query=FrontPagesQuery, method="front_pages"),
    "/v1/sources": Kind(query=SourcesQuery, method="sources"),
}

_ARTICLE: Final = Scope.ARTICLE.value
_HEADLINE: Final = Scope.HEADLINE.value
# The labels behind parameters, dimensions, metrics and columns.
BEHIND: Final[Mapping[str, tuple[Label, ...]]] = {
    **{name: ((name, _ARTICLE),) for name in ("category", "topic", "subtopic", "news_type")},
    **{f"{name}_{end}": ((name, _ARTICLE),) for name in ("lean", "tone") for end in ("min", "max")},
    "lean": ((Stage.LEAN.value, _ARTICLE),),
    "tone": ((Stage.TONE.value, _ARTICLE),),
    "headline_lean": ((Stage.LEAN.value, _HEADLINE),),
    "headline_tone": ((Stage.TONE.value, _HEADLINE),),
    "opinion_share": ((Stage.NEWS_TYPE.value, _ARTICLE),),
    **{f"{name}_bin": ((name, _ARTICLE),) for name in ("lean", "tone")},
    **{
        f"{label}_sentences": ((stage.value, Scope.SENTENCE.value),)
        for stage, label in SENTENCE_COUNTS
    },
    "party_balance": ((Stage.SENTENCE_FOCUS.value, Scope.SENTENCE.value),),
    "labels": (
        *((name, _ARTICLE) for name in ("category", "topic", "subtopic", "news_type")),
        *((name, scope) for name in ("lean", "tone") for scope in (_ARTICLE, _HEADLINE)),
    ),
    "sentence_counts": tuple(
        (stage.value, Scope.SENTENCE.value)
        for stage in (Stage.SENTENCE_TYPE, Stage.SENTENCE_TONE, Stage.SENTENCE_FOCUS)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as it was asked: ``values`` as they stood in its address, ``query`` as read."""

    path: str
    values: Mapping[str, str | list[str]]
    query: Asked

    @property
    def kind(self) -> Kind:
        """What it is a question of."""
        return KINDS[self.path]

    @property
    def of_articles(self) -> ArticleFilters | None:
        """Which articles it is of, if it is of articles."""
        if isinstance(self.query, ComparisonQuery):
            return ArticleFilters.model_validate(self.slice())
        return self.query if isinstance(self.query, ArticleFilters) else None

    def slice(self) -> dict[str, str | list[str]]:
        """The parameters of the articles that it is of; a comparison is of both sides."""
        wanted = ArticleFilters.model_fields
        named = {name: value for name, value in self.values.items() if name in wanted}
        return named | self.query.both() if isinstance(self.query, ComparisonQuery) else named


def read(of: str) -> Question:
    """The question at a path with its parameters.

    Raises BadRequest for what is no list or figure of ours, pydantic's ValidationError for
    parameters that it would refuse itself.
    """
    path, _, asked = of.partition("?")
    if path not in KINDS:
        near = difflib.get_close_matches(path, list(KINDS), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KINDS)}"
        raise BadRequest("bad-parameter", f"nothing to cite at {path[:80]}: {hint}", field="of")
    try:
        pairs = parse_qsl(asked, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    except ValueError as error:
        raise BadRequest("bad-parameter", "too many parameters to cite", field="of") from error
    values: dict[str, str | list[str]] = {}
    for name, value in pairs:
        if "\x00" in name + value:
            raise BadRequest("bad-parameter", "a NUL character is in the address", field="of")
        if name in REPEATABLE:
            values[name] = [*values.get(name, ()), value]
        elif name in values:
            raise BadRequest("bad-parameter", f"{name[:80]} is given twice", field="of")
        else:
            values[name] = value
    query = KINDS[path].query.model_validate(values)
    kept = {name: value for name, value in values.items() if name not in PAGING}
    return Question(path=path, values=kept, query=query)


def pinned(question: Question, run_id: str | None, as_of: datetime | None) -> dict[str, Any]:
    """Its parameters with the run and the time named, whatever had chosen them."""
    choosing = {"run", "labeller", "codebook", "as_of"}
    values: dict[str, Any] = {k: v for k, v in question.values.items() if k not in choosing}
    if run_id is not None and "run" in type(question.query).model_fields:
        values["run"] = run_id
    if as_of is not None:
        values["as_of"] = spelt(as_of)
    return values


def spelt(moment: datetime) -> str:
    """A time as the API takes and gives it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def address(path: str, values: Mapping[str, Any]) -> str:
    """Path and parameters."""
    return f"{path}?{urlencode(values, doseq=True)}" if values else path


def explored(question: Question, values: Mapping[str, Any]) -> tuple[str | None, list[str]]:
    """Address of the explorer's view, if it has one, and the parameters that this leaves out."""
    page = question.kind.page
    if isinstance(question.query, TrendsQuery) and question.query.metric == "articles":
        page = "/coverage"
    if page is None:
        return None, []
    if isinstance(question.query, ComparisonQuery):
        values = {n: v for n, v in values.items() if n not in SIDES} | _sides(question.query)
    shown = {
        n: v for n, v in values.items() if n in EXPLORED and (n not in WHOLE_DAYS or _is_day(v))
    }
    return address(page, shown), sorted(values.keys() - shown.keys())


def _sides(query: ComparisonQuery) -> dict[str, Any]:
    """The sides of a comparison as the explorer spells them."""
    if query.of == "outlets":
        return {"publisher": [query.a, query.b]}
    (first, last), (before, until) = query.a.split("/"), query.b.split("/")
    days = {"published_from": first, "published_to": last}
    return {"compare": "periods", **days, "before_from": before, "before_to": until}


def snippet(base_url: str, method: str, values: Mapping[str, Any]) -> str:
    """A Python program that asks the same and shows it."""
    asked = "".join(f"        {name}={value!r},\n" for name, value in values.items())
    call = f"newsroom.{method}(\n{asked}    )" if asked else f"newsroom.{method}()"
    return (
        "from newsroom.client import Newsroom\n\n"
        f"with Newsroom({base_url!r}) as newsroom:\n"
        f"    rows = {call}\n"
        "    for row in rows:\n"
        "        print(row)\n"
    )


def labels_used(query: Asked) -> list[Label]:
    """Stage and scope of every label that a question filters by, groups by or shows."""
    if isinstance(query, AnnotationsQuery):
        every = {label for behind in BEHIND.values() for label in behind}
        stage, scope = query.stage, query.scope
        return sorted(x for x in every if stage in {None, x[0]} and scope in {None, x[1]})
    names = [name for name in BEHIND if getattr(query, name, None) is not None]
    if isinstance(query, TrendsQuery):
        names += [name for name in (query.metric, *query.by.split(",")) if name in BEHIND]
    elif isinstance(query, ComparisonQuery):
        names += [name for name in (*MEANS, *SHARES) if name in BEHIND]
    elif isinstance(query, ArticlesQuery):
        names += (query.columns() or {"labels", "sentence_counts"}) & BEHIND.keys()
    return sorted({label for name in names for label in BEHIND[name]})


def validated(
    used: Sequence[Label], measures: Iterable[Row], labeller: str | None
) -> dict[str, list[Any]]:
    """What was measured of the labels that are used, and which of them have no measure."""
    found = [m for m in measures if m["labeller"] == labeller and (m["stage"], m["scope"]) in used]
    known = {(m["stage"], m["scope"]) for m in found}
    bare = [
        {"stage": stage, "scope": scope} for stage, scope in used if (stage, scope) not in known
    ]
    return {"measures": found, "unmeasured": bare}


def days(query: Asked, span: Row | None, moment: datetime) -> tuple[date, date] | tuple[None, None]:
    """First and last day that a question is about: those it names, else those of its articles."""
    begin, end = _named(query)
    first = begin or (_day(span["first_at"]) if span else None)
    last = end or (_day(span["last_at"]) if span else None)
    if first is None or last is None:
        return None, None
    last = min(last, moment.astimezone(UTC).date())
    return (first, last) if first <= last else (None, None)


def completeness(
    seen: Iterable[Row], outlets: Iterable[str], first: date | None, last: date | None
) -> dict[str, Any]:
    """Days by how they were seen, by outlet and added up.

    ``seen`` has a row for each outlet with a judged day, as ``newsroom.store.exporting`` counts
    them. A day without a judgement is unjudged, and never counted as seen.
    """
    total = None if first is None or last is None else (last - first).days + 1
    by_outlet = {row["publisher"]: row for row in seen}
    rows = [_seen(name, by_outlet.get(name, {}), total) for name in sorted({*outlets, *by_outlet})]
    names = [name for name in _seen("", {}, 0) if name != "publisher"]
    added = {n: None if total is None and n in _OPEN else sum(r[n] for r in rows) for n in names}
    return {"first_day": first, "last_day": last, "outlets": rows, **added}


_OPEN: Final = frozenset({"days", "days_unjudged"})


def _seen(publisher: str, row: Row, total: int | None) -> dict[str, Any]:
    judged = row.get("days_judged", 0)
    counted = {
        f"days_{verdict}": row.get(f"days_{verdict}", 0)
        for verdict in ("complete", "kept_out", "broken", "not_crawled")
    }
    return {
        "publisher": publisher,
        "days": total,
        **counted,
        "days_unfinished": judged - sum(counted.values()),
        "days_unjudged": None if total is None else total - judged,
    }


def _named(query: Asked) -> tuple[date | None, date | None]:
    for begin, end in (DAYS, ("taken_from", "taken_to")):
        if begin in type(query).model_fields:
            until = getattr(query, end)
            before = until and until - timedelta(microseconds=1)
            return _day(getattr(query, begin)), _day(before)
    return getattr(query, "day_from", None), getattr(query, "day_to", None)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(UTC).date()


def _is_day(value: object) -> bool:
    try:
        return str(date.fromisoformat(str(value))) == value
    except ValueError:
        return False
