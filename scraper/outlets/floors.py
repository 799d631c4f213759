"""What may be expected of an outlet's day; less of it is a breakage or a silence, never news."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]


class Floors(BaseModel):
    """Least values of one outlet-local day, conservative where a file says nothing.

    ``articles_per_day`` counts new articles, ``articles_per_weekend_day`` those of a Saturday or
    Sunday; above ``articles_per_day_max`` is a warning only. ``title``, ``date`` and ``byline`` are
    shares of the new articles that have one, ``accepted`` the share of fetched pages that are
    articles, ``body_words_median`` is in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    articles_per_day: Annotated[int, Field(ge=0)] = 3
    articles_per_weekend_day: Annotated[int, Field(ge=0)] = 1
    articles_per_day_max: Annotated[int, Field(ge=1)] = 1_000
    title: Share = 0.95
    date: Share = 0.8
    byline: Share = 0.2
    accepted: Share = 0.3
    body_words_median: Annotated[int, Field(ge=0)] = 120

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.articles_per_weekend_day <= self.articles_per_day <= self.articles_per_day_max:
            raise ValueError("articles_per_weekend_day ≤ articles_per_day ≤ articles_per_day_max")
        return self

    def articles(self, *, weekend: bool) -> int:
        """Fewest new articles of such a day."""
        return self.articles_per_weekend_day if weekend else self.articles_per_day


DEFAULT = Floors()
