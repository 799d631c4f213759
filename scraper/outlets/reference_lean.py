"""How others rated an outlet, and when: counted from the labels of the Article-Bias-Prediction set.

AllSides rates outlets, and nearly every article of that corpus carries the rating its outlet had.
The counts are kept beside the label, so that a reader sees what it rests on. It is provenance for
readers: nothing that labels an article ever sees it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from newsroom.errors import Misconfigured

SOURCE = (
    "AllSides ratings as carried by the Article-Bias-Prediction corpus "
    "(Baly et al. 2020, Apache-2.0)"
)
FILES = "train/lean_allsides_articles.*.parquet"
LEANS = ("left", "center", "right")
DATED_MIN = 10  # fewer dated articles are no rating
SHARE_MIN = 0.95  # below it, the outlet was rated more than one way over the years

Count = Annotated[int, Field(ge=0)]
Lean = Literal["left", "center", "right", "mixed"]
Labelled = tuple[str, str, date | None]  # domain, lean, day of one article


class ReferenceLean(BaseModel):
    """The table ``[reference_lean]`` of an outlet's file.

    ``left``, ``center`` and ``right`` count dated articles, ``undated`` those that say nothing of
    when; ``since`` and ``as_of`` are the first and the last date.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    label: Lean
    source: Annotated[str, Field(min_length=1)]
    since: date
    as_of: date
    left: Count = 0
    center: Count = 0
    right: Count = 0
    undated: Count = 0

    @property
    def n(self) -> int:
        """Dated articles."""
        return self.left + self.center + self.right

    @model_validator(mode="after")
    def _follows_from_counts(self) -> Self:
        counts = Counter({lean: getattr(self, lean) for lean in LEANS})
        if self.since > self.as_of:
            raise ValueError("since is after as_of")
        if self.n < DATED_MIN:
            raise ValueError(f"rests on {self.n} dated articles, fewer than {DATED_MIN}")
        if self.label != (right := _label(counts)):
            raise ValueError(f"label is {self.label!r} where the counts say {right!r}")
        return self


def of_domains(domains: Iterable[str], labels: Iterable[Labelled]) -> ReferenceLean | None:
    """The rating of an outlet's domains; None with fewer than ``DATED_MIN`` dated articles."""
    wanted = set(domains)
    mine = [(lean, day) for domain, lean, day in labels if domain in wanted]
    dated = [(lean, day) for lean, day in mine if day is not None]
    if len(dated) < DATED_MIN:
        return None
    counts = Counter(lean for lean, _ in dated)
    days = [day for _, day in dated]
    return ReferenceLean(
        label=_label(counts),
        source=SOURCE,
        since=min(days),
        as_of=max(days),
        left=counts["left"],
        center=counts["center"],
        right=counts["right"],
        undated=len(mine) - len(dated),
    )


def read(data: Path) -> list[Labelled]:
    """(domain, lean, date) of every article of the corpus in a data folder.

    Misconfigured ``no-data`` where it is not there, ``bad-lean`` for a label that is none.
    """
    import pyarrow.parquet as pq

    files = sorted(data.glob(FILES))
    if not files:
        raise Misconfigured("no-data", f"no {FILES} in {data}")
    found: list[Labelled] = []
    for path in files:
        for row in pq.read_table(path, columns=["domain", "lean", "date"]).to_pylist():
            if row["lean"] not in LEANS:
                raise Misconfigured("bad-lean", f"{path.name}: {row['lean']!r} is no lean")
            day = date.fromisoformat(row["date"][:10]) if row["date"] else None
            found.append((row["domain"], row["lean"], day))
    return found


def _label(counts: Counter[str]) -> Lean:
    (lean, n), *_ = counts.most_common(1)
    most: Lean = "left" if lean == "left" else "center" if lean == "center" else "right"
    return most if n >= SHARE_MIN * counts.total() else "mixed"
