"""What may be asked: one model a list, and its translation into the store's named conditions."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from newsroom.store.reading.where import Where

LIMIT: Final = 50
LIMIT_MAX: Final = 200
TEXT_MAX: Final = 500
REPEATABLE: Final = frozenset({"publisher"})
DIMENSIONS: Final = (
    "publisher",
    "day",
    "week",
    "month",
    "category",
    "topic",
    "subtopic",
    "news_type",
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# PostgreSQL's websearch_to_tsquery fails on 32 negations without a word between them.
_NOT_NOT = re.compile(r"(?:-[^\w-]*){9}")


def _moment(value: object, *, end: bool) -> datetime:
    text = str(value).strip()
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=int(end))
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ValueError("give a date (2026-11-20) or an RFC 3339 time (…T08:00:00Z)") from error
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, for instance Z; write + as %2B")
    return moment


def _searchable(value: str) -> str:
    if _NOT_NOT.search(value):
        raise ValueError("more than eight minus signs without a word between them")
    return value


def _start(value: object) -> datetime:
    return _moment(value, end=False)


def _end(value: object) -> datetime:
    return _moment(value, end=True)


_SCHEMA = WithJsonSchema({"type": "string", "examples": ["2026-11-20", "2026-11-20T08:00:00Z"]})
From = Annotated[datetime, BeforeValidator(_start), _SCHEMA]
To = Annotated[datetime, BeforeValidator(_end), _SCHEMA]
Text = Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]
Words = Annotated[Text, AfterValidator(_searchable)]
RunId = Annotated[
    str,
    Field(
        min_length=8,
        max_length=64,
        description="Id of a run, or at least eight digits it begins with.",
    ),
]
Score = Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)]


class Asked(BaseModel):
    """Query parameters, of which an unknown one is refused with the name of the nearest."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        for name in data:
            if name not in cls.model_fields:
                near = difflib.get_close_matches(name, list(cls.model_fields), n=1)
                hint = f"; did you mean {near[0]}?" if near else _known_here(cls)
                raise PydanticCustomError(
                    "unknown-parameter",
                    "no such parameter{hint}",
                    {"parameter": str(name)[:80], "hint": hint},
                )
        return data


class Nothing(Asked):
    """A path that takes no parameter."""


class Seen(Asked):
    """Which labels are seen: those of one run."""

    run: RunId | None = Field(
        None, description="Run whose labels are shown; the promoted one by default."
    )


class Paged(Asked):
    """Paging of every list."""

    limit: int = Field(
        LIMIT, ge=1, description="Rows of a page.", json_schema_extra={"maximum": LIMIT_MAX}
    )
    cursor: Text | None = Field(
        None, description="`next_cursor` of the page before, with the same filters."
    )
    count: bool = Field(
        False, description="Add `meta.total`, the number of rows of the whole list."
    )

    def filters(self) -> dict[str, object]:
        """Everything that decides which rows come in which order."""
        return self.model_dump(mode="json", exclude={"limit", "cursor", "count"})


class OutletsQuery(Paged):
    """Parameters of the outlets."""


class RunsQuery(Paged):
    """Parameters of the runs."""


class ArticleFilters(Seen):
    """Which articles. Label filters speak of current labels only."""

    publisher: list[Text] = Field(
        [], max_length=50, description="Outlet id; repeat it for several.", examples=[["bbc"]]
    )
    category: Text | None = Field(None, description="Label of the category.")
    topic: Text | None = Field(None, description="Label of the topic.")
    subtopic: Text | None = Field(None, description="Label of the subtopic.")
    news_type: Text | None = Field(None, description="Label of the news type.")
    event: Text | None = Field(None, description="Event id.")
    story: Text | None = Field(None, description="Story id.")
    language: Text | None = Field(None, description="ISO 639-1 code.", examples=["en"])
    q: Words | None = Field(None, description='Words of the headline; "quoted phrase", or, -not.')
    published_from: From | None = Field(None, description="Earliest day or time, included.")
    published_to: To | None = Field(
        None, description="Latest day, included whole, or the time before which."
    )
    lean_min: Score | None = Field(None, description="Least lean of the body, −5 to +5.")
    lean_max: Score | None = Field(None, description="Greatest lean of the body.")
    tone_min: Score | None = Field(None, description="Least tone of the body, −5 to +5.")
    tone_max: Score | None = Field(None, description="Greatest tone of the body.")
    duplicates: Literal["include", "exclude"] = Field(
        "include", description="Whether copies of an article stored before are listed."
    )
    labelled: bool | None = Field(None, description="Only articles with, or without, labels.")

    def where(self, run_id: str | None) -> Where:
        """The store's conditions, seen through one run; through none, nothing is labelled."""
        plain = (
            "publisher",
            "category",
            "topic",
            "subtopic",
            "news_type",
            "event",
            "story",
            "language",
            "q",
            "published_from",
            "published_to",
            "lean_min",
            "lean_max",
            "tone_min",
            "tone_max",
        )
        values = _given(self, plain)
        names = list(values)
        if self.duplicates == "exclude":
            names.append("duplicates")
        if self.labelled is not None:
            names.append("labelled" if self.labelled else "unlabelled")
        return Where(names=tuple(names), values={**values, "run_id": run_id})


class ArticlesQuery(ArticleFilters, Paged):
    """Parameters of the articles."""

    sort: Literal["-published_at", "published_at"] = Field(
        "-published_at", description="By publication time, or first sight where none is known."
    )


def _dimensions(value: str) -> str:
    names = value.split(",")
    if not 1 <= len(names) <= 2 or len(set(names)) != len(names) or not set(names) <= {*DIMENSIONS}:
        raise ValueError(f"one or two of {', '.join(DIMENSIONS)}, separated by a comma")
    return value


_ONE = "|".join(DIMENSIONS)


class TrendsQuery(ArticleFilters):
    """Parameters of the trends."""

    metric: Literal[
        "articles", "lean", "tone", "headline_lean", "headline_tone", "opinion_share"
    ] = Field(description="What is counted or averaged.")
    by: Annotated[
        str,
        AfterValidator(_dimensions),
        WithJsonSchema({"type": "string", "pattern": f"^({_ONE})(,({_ONE}))?$"}),
    ] = Field(description="One or two dimensions.", examples=["publisher,week"])


class EventsQuery(Seen, Paged):
    """Parameters of the events."""

    publisher: list[Text] = Field(
        [], max_length=50, description="Covered by any of these outlets; repeat it for several."
    )
    topic: Text | None = Field(None, description="With an article under this topic.")
    story: Text | None = Field(None, description="Story id.")
    min_articles: int = Field(2, ge=1, le=1_000_000, description="Least number of articles.")
    published_from: From | None = Field(None, description="Still covered on this day or later.")
    published_to: To | None = Field(None, description="First covered on this day or before.")
    q: Words | None = Field(None, description="Words of the title.")
    sort: Literal["-last_at", "-articles"] = Field(
        "-last_at", description="Newest article first, or most articles first."
    )

    def where(self, run_id: str | None) -> Where:
        """The store's conditions, seen through one run; through none, nothing is labelled."""
        plain = ("publisher", "topic", "story", "min_articles", "published_from", "published_to")
        values = _given(self, (*plain, "q"))
        return Where(names=tuple(values), values={**values, "run_id": run_id})


class StoriesQuery(Paged):
    """Parameters of the stories."""

    min_articles: int = Field(1, ge=1, le=1_000_000, description="Least number of articles.")
    published_from: From | None = Field(None, description="Still covered on this day or later.")
    published_to: To | None = Field(None, description="First covered on this day or before.")
    q: Words | None = Field(None, description="Words of the title.")

    def where(self) -> Where:
        """The store's conditions."""
        values = _given(self, ("min_articles", "published_from", "published_to", "q"))
        return Where(names=tuple(values), values=values)


class RefusalsQuery(Paged):
    """Parameters of the refusals."""

    publisher: list[Text] = Field([], max_length=50, description="Outlet id; may be repeated.")
    code: Text | None = Field(None, description="Reason, in kebab case.", examples=["soft-404"])

    def where(self) -> Where:
        """The store's conditions."""
        values = _given(self, ("publisher", "code"))
        return Where(names=tuple(values), values=values)


class AnnotationsQuery(Asked):
    """Parameters of an article's annotations."""

    run: RunId | None = Field(None, description="Only labels of this run; of all by default.")
    current: bool | None = Field(
        None,
        description="Only those in force, or only the others; both by default. In force are labels "
        "of the promoted run, or of the one asked for, on the text of now.",
    )
    sentences: bool = Field(False, description="Add the labels of single sentences.")


class CodebookQuery(Seen):
    """Parameters of the codebook."""

    version: Text | None = Field(
        None, description="Version, instead of a run; the one of the run by default."
    )

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.run and self.version:
            raise ValueError("give a run or a version, not both")
        return self


class CompareQuery(Asked):
    """Parameters of a comparison of two runs."""

    a: RunId
    b: RunId
    panel: Text | None = Field(
        None, description="Panel whose texts are compared; all current ones by default."
    )


def _given(query: BaseModel, names: tuple[str, ...]) -> dict[str, object]:
    return {n: v for n in names if (v := getattr(query, n)) not in (None, [])}


def _known_here(query: type[BaseModel]) -> str:
    known = ", ".join(query.model_fields)
    return f"; there are {known}" if known else "; this path takes none"
