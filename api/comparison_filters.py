"""What may be compared: two outlets, or two periods."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from api.filters import ArticleFilters, Text, _end, _start
from newsroom.store.reading import trends

MEANS: Final = (
    "lean",
    "tone",
    "headline_lean",
    "fact_sentences",
    "opinion_sentences",
    "quote_sentences",
    "borderline_sentences",
    "negative_sentences",
    trends.BALANCE,
)
SHARES: Final = ("category", "topic", "news_type")


class ComparisonQuery(ArticleFilters):
    """Parameters of a comparison: which two slices, of which articles."""

    of: Literal["outlets", "periods"] = Field("outlets", description="What `a` and `b` name.")
    a: Text = Field(
        description="An outlet id, or first and last day of a period.",
        examples=["harborledger", "2026-11-01/2026-11-07"],
    )
    b: Text = Field(description="The other one.", examples=["kestrelcourier"])

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.a == self.b:
            raise ValueError("a and b are the same: there is nothing to compare")
        if self.of == "outlets" and self.publisher:
            raise ValueError("a and b name the outlets: leave publisher out")
        if self.of == "periods":
            if self.published_from or self.published_to:
                raise ValueError("a and b name the days: leave published_from and _to out")
            for side in (self.a, self.b):
                _days(side)
        return self

    def side(self, name: Literal["a", "b"]) -> ArticleFilters:
        """The articles of one side."""
        chosen = self.a if name == "a" else self.b
        values = self.model_dump(exclude={"of", "a", "b"}, exclude_unset=True)
        if self.of == "outlets":
            return ArticleFilters.model_construct(**values | {"publisher": [chosen]})
        first, last = _days(chosen)
        ends = {"published_from": _start(first), "published_to": _end(last)}
        return ArticleFilters.model_construct(**values | ends)

    def both(self) -> dict[str, str | list[str]]:
        """What narrows the articles to those of either side, with the days between two periods."""
        if self.of == "outlets":
            return {"publisher": [self.a, self.b]}
        days = sorted((_days(self.a), _days(self.b)), key=lambda ends: _start(ends[0]))
        last = max((last for _, last in days), key=_end)
        return {"published_from": days[0][0], "published_to": last}


def _days(period: str) -> tuple[str, str]:
    first, _, last = period.partition("/")
    if not last or _start(first) >= _end(last):
        raise ValueError("a period is first/last day, such as 2026-11-01/2026-11-07")
    return first, last
