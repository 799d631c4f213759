"""What may be asked: what all lists share, and of articles and their trends.

One model a list, and its translation into the store's named conditions. Events are asked in
:mod:`api.event_filters`, labels and runs in :mod:`api.label_filters`, outlets and what came of
looking at them in :mod:`api.source_filters`.
"""

from __future__ import annotations

import difflib
import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api import schemas
from newsroom.errors import BadRequest
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
    "lean_bin",
    "tone_bin",
)
METRICS: Final = (
    "articles",
    "lean",
    "tone",
    "headline_lean",
    "headline_tone",
    "opinion_share",
    "fact_sentences",
    "opinion_sentences",
    "quote_sentences",
    "borderline_sentences",
    "other_sentences",
    "negative_sentences",
    "neutral_sentences",
    "positive_sentences",
    "democrat_sentences",
    "republican_sentences",
    "both_sentences",
    "neither_sentences",
    "party_balance",
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


def _past(value: object) -> datetime:
    moment = _moment(value, end=True)
    if moment > datetime.now(UTC):
        raise ValueError("it lies ahead: a day can be asked for once it is over (UTC)")
    return moment


_SCHEMA = WithJsonSchema({"type": "string", "examples": ["2026-11-20", "2026-11-20T08:00:00Z"]})
From = Annotated[datetime, BeforeValidator(_start), _SCHEMA]
To = Annotated[datetime, BeforeValidator(_end), _SCHEMA]
Past = Annotated[datetime, BeforeValidator(_past), _SCHEMA]
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
    labeller: Text | None = Field(
        None,
        description="Show labels of this labeller: of the promoted run if it is its, else of its "
        "newest run. With `run`, that run must be its.",
        examples=["embedded"],
    )
    codebook: Text | None = Field(
        None, description="The same for the version of the definitions.", examples=["v1"]
    )

    def of_run(self) -> dict[str, Any]:
        """What decides whose labels are seen."""
        return {"run": self.run, "labeller": self.labeller, "codebook": self.codebook}


class Dated(Asked):
    """As of which time."""

    as_of: Past | None = Field(
        None,
        description="Answer as it was at this time, or at the end of this day: the texts, labels, "
        "promoted run and groups of then.",
    )


class SeenThen(Seen, Dated):
    """Which labels are seen, and as of which time."""

    def of_run(self) -> dict[str, Any]:
        """What decides whose labels are seen."""
        return super().of_run() | {"as_of": self.as_of}


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


class Listed(Paged):
    """A list whose rows can be had in part."""

    row: ClassVar[type[BaseModel]]

    fields: Text | None = Field(
        None, description="Columns of the rows, separated by commas; all by default."
    )

    @field_validator("fields")
    @classmethod
    def _in_the_row(cls, value: str | None) -> str | None:
        for name in value.split(",") if value else ():
            if name not in cls.row.model_fields:
                near = difflib.get_close_matches(name, list(cls.row.model_fields), n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"the rows have no {name[:80]}{hint}")
        return value

    def columns(self) -> set[str]:
        """The columns asked for; none stands for all."""
        return set(self.fields.split(",")) if self.fields else set()

    def shows(self, *names: str) -> bool:
        """True if any of these columns is asked for: what nobody sees is not worked out."""
        return not self.fields or bool(self.columns() & set(names))

    def filters(self) -> dict[str, object]:
        """Everything that decides which rows come in which order."""
        return {k: v for k, v in super().filters().items() if k != "fields"}


class ArticleFilters(SeenThen):
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

    def where(self, run_id: str | None, version: int | None = None) -> Where:
        """The store's conditions, seen through one run; through none, nothing is labelled.

        ``version`` is that of the ledger as of the time asked for.
        """
        if self.as_of is not None:
            self._answerable(version)
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
        values = given(self, plain)
        names = list(values)
        if self.duplicates == "exclude":
            names.append("duplicates")
        if self.labelled is not None:
            names.append("labelled" if self.labelled else "unlabelled")
        at = {"run_id": run_id, "as_of": self.as_of, "version": version}
        return Where(names=tuple(names), values={**values, **at})

    def _answerable(self, version: int | None) -> None:
        if self.duplicates == "exclude":
            raise BadRequest(
                "as-of-unanswerable",
                "which articles count as copies keeps no history: leave duplicates out",
                field="duplicates",
            )
        if version is None and (self.event or self.story):
            raise BadRequest(
                "as-of-unanswerable", "the ledger of events begins later", field="as_of"
            )


class ArticleQuery(Seen):
    """Parameters of one article."""

    text: bool = Field(False, description="Add the text: for keys with the scope `text:read`.")


class ArticlesQuery(ArticleFilters, Listed):
    """Parameters of the articles."""

    row = schemas.ArticleRow

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

    metric: Literal[METRICS] = Field(  # type: ignore[valid-type]  # names of a constant
        description="What is counted or averaged. `…_sentences` are shares of an article's "
        "sentences, each article counting once; `party_balance` is (R − D) ÷ (R + D) over an "
        "article's sentences about one party, −1 Democrats to +1 Republicans."
    )
    by: Annotated[
        str,
        AfterValidator(_dimensions),
        WithJsonSchema({"type": "string", "pattern": f"^({_ONE})(,({_ONE}))?$"}),
    ] = Field(description="One or two dimensions.", examples=["publisher,week"])
    weights: Literal["article", "outlet", "prominence"] = Field(
        "article",
        description="What counts the same in a mean: every article; every outlet, whatever it "
        "publishes; or an article by its best place on its outlet's front page, "
        "1 / log2(1 + rank).",
    )

    @model_validator(mode="after")
    def _weighable(self) -> Self:
        if self.weights == "outlet" and self.metric == "articles":
            raise ValueError("a count gives no outlet the same weight: ask for a mean or a share")
        return self


def given(query: BaseModel, names: tuple[str, ...]) -> dict[str, object]:
    """The values of parameters that are there."""
    return {n: v for n in names if (v := getattr(query, n)) not in (None, [])}


def _known_here(query: type[BaseModel]) -> str:
    known = ", ".join(query.model_fields)
    return f"; there are {known}" if known else "; this path takes none"
