"""A sample of articles that stands for the whole: every outlet and month in proportion. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from newsroom.errors import BadRequest, Refused
from newsroom.store.runs import Stratum


def allocate(strata: Sequence[Mapping[str, object]], size: int) -> list[Stratum]:
    """How many articles to draw from each outlet and month, ``size`` in all.

    In proportion, by largest remainders, but one from each where there is room for all; strata
    that get none are left out. Raises BadRequest ``bad-size``, Refused ``panel-empty``.
    """
    if size < 1:
        raise BadRequest("bad-size", "a panel has at least one article", field="size")
    articles = [cast("int", s["articles"]) for s in strata]
    if not articles:
        raise Refused("panel-empty", "there is no article in this span of time")
    left = size = min(size, sum(articles))
    drawn = [0] * len(articles)
    rest = list(range(len(articles)))
    # Whoever would get less than one gets one, which leaves less for the others: until none does.
    while len(articles) <= size:
        whole = sum(articles[i] for i in rest)
        small = [i for i in rest if left * articles[i] < whole]
        if not small:
            break
        for i in small:
            drawn[i] = 1
        left -= len(small)
        rest = [i for i in rest if not drawn[i]]
    whole = sum(articles[i] for i in rest)
    for i in rest:
        drawn[i] = left * articles[i] // whole
    by_remainder = sorted(rest, key=lambda i: (-(left * articles[i] % whole), i))
    for i in by_remainder[: size - sum(drawn)]:
        drawn[i] += 1
    return [
        Stratum(
            publisher_id=str(s["publisher_id"]),
            month=s["month"],  # type: ignore[arg-type]  # a date of PostgreSQL
            articles=n,
            drawn=taken,
        )
        for s, n, taken in zip(strata, articles, drawn, strict=True)
        if taken
    ]
