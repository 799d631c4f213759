"""What outlets write about: counts of the API → shares of each outlet under a choice of weights.

Pure. A row is an outlet, or all of them together; its parts are classes of one level of the topic
tree. Shares of a row add up to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from dashboard.wording import N_MIN
from newsroom import intervals, weights
from newsroom.intervals import Interval

OTHER: Final = "other"
ALL: Final = "All outlets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A class of a row: its articles, their share under the weights, and its 95 % interval."""

    n: int
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An outlet, or all together where ``publisher_id`` is None; ``n`` articles carry weight."""

    publisher_id: str | None
    name: str
    n: int
    parts: Mapping[str, Part]

    @property
    def few(self) -> bool:
        """Too few articles to be compared or ranked."""
        return self.n < N_MIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Rows by size, the classes from the most frequent on, and what was left out and why."""

    rows: Sequence[Row]
    together: Row
    classes: Sequence[str]
    unlabelled: int
    unweighted: int

    @property
    def n(self) -> int:
        """Articles that carry weight."""
        return sum(row.n for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """Articles of one class, and the sums of their weights and of the squares of these."""

    n: int
    w: float
    ww: float

    def plus(self, other: _Cell) -> _Cell:
        return _Cell(n=self.n + other.n, w=self.w + other.w, ww=self.ww + other.ww)


_NONE: Final = _Cell(n=0, w=0.0, ww=0.0)


def mixed(
    cells: Iterable[Mapping[str, Any]],
    by: str,
    names: Mapping[str, str],
    *,
    weighed: str,
    keep: int,
) -> Mix | None:
    """The mix of topics out of cells by outlet and ``by``; None where nothing has a label.

    ``weighed`` is ``article``, ``outlet`` or ``prominence``. All but the ``keep`` most frequent
    classes become one, ``other``.
    """
    found: dict[str, dict[str, _Cell]] = {}
    unlabelled = unweighted = 0
    for cell in cells:
        unweighted += cell.get("n_unweighted") or 0
        if cell[by] is None:
            unlabelled += cell["n"]
        elif cell["n"]:
            found.setdefault(cell["publisher"], {})[cell[by]] = _cell(cell, weighed)
    if not found:
        return None
    classes, found = _folded(found, keep)
    rows = [
        Row(
            publisher_id=outlet,
            name=names.get(outlet, outlet),
            n=sum(cell.n for cell in own.values()),
            parts=_parts(own, classes, weighed),
        )
        for outlet, own in found.items()
    ]
    rows.sort(key=lambda row: (-row.n, row.name))
    together = Row(
        publisher_id=None,
        name=ALL,
        n=sum(row.n for row in rows),
        parts=_together(rows, classes)
        if weighed == "outlet"
        else _parts(_summed(found.values()), classes, weighed),
    )
    return Mix(
        rows=rows,
        together=together,
        classes=classes,
        unlabelled=unlabelled,
        unweighted=unweighted,
    )


def _cell(cell: Mapping[str, Any], weighed: str) -> _Cell:
    if weighed != "prominence":
        return _Cell(n=cell["n"], w=float(cell["n"]), ww=float(cell["n"]))
    return _Cell(n=cell["n"], w=cell["weight"], ww=cell["weight"] ** 2 / cell["n_effective"])


def _summed(rows: Iterable[Mapping[str, _Cell]]) -> dict[str, _Cell]:
    out: dict[str, _Cell] = {}
    for row in rows:
        for kind, cell in row.items():
            out[kind] = out.get(kind, _NONE).plus(cell)
    return out


def _folded(
    found: Mapping[str, Mapping[str, _Cell]], keep: int
) -> tuple[list[str], dict[str, dict[str, _Cell]]]:
    totals = _summed(found.values())
    order = sorted(totals, key=lambda kind: (-totals[kind].n, kind))
    kept = [kind for kind in order if kind != OTHER][:keep]
    out: dict[str, dict[str, _Cell]] = {}
    for outlet, row in found.items():
        own = out.setdefault(outlet, {})
        for kind, cell in row.items():
            key = kind if kind in kept else OTHER
            own[key] = own.get(key, _NONE).plus(cell)
    rest = any(OTHER in row for row in out.values())
    return [*kept, *([OTHER] if rest else [])], out


def _parts(own: Mapping[str, _Cell], classes: Sequence[str], weighed: str) -> dict[str, Part]:
    total = _NONE
    for cell in own.values():
        total = total.plus(cell)
    return {kind: _part(own.get(kind, _NONE), total, weighed) for kind in classes}


def _part(cell: _Cell, total: _Cell, weighed: str) -> Part:
    share = cell.w / total.w
    found: Interval
    if weighed == "prominence":
        # x is 1 in the class and 0 out of it, so Σwx = w, Σw²x = Σw²x² = ww of the class.
        _, found, _ = weights.of_sums(
            weights.Sums(n=total.n, w=total.w, ww=total.ww, wx=cell.w, wwx=cell.ww, wwxx=cell.ww)
        )
    else:
        found = intervals.of_share(share, total.n)
    return Part(n=cell.n, share=share, **_clipped(found))


def _together(rows: Sequence[Row], classes: Sequence[str]) -> dict[str, Part]:
    """Every outlet with the same weight: the mean of the outlets' shares."""
    out = {}
    for kind in classes:
        strata = [
            weights.Stratum(n=row.n, mean=p, sd=sqrt(p * (1 - p) * row.n / (row.n - 1)))
            if row.n > 1
            else weights.Stratum(n=1, mean=p, sd=None)
            for row in rows
            for p in (row.parts[kind].share,)
        ]
        mean, found = weights.of_outlets(strata)
        out[kind] = Part(n=sum(row.parts[kind].n for row in rows), share=mean, **_clipped(found))
    return out


def _clipped(found: Interval) -> dict[str, float | None]:
    low, high = found
    return {
        "low": None if low is None else max(0.0, low),
        "high": None if high is None else min(1.0, high),
    }


def ordered(rows: Sequence[Row], kind: str) -> list[Row]:
    """By the share of a class where there are enough articles; the others after them, by name."""
    enough = sorted((r for r in rows if not r.few), key=lambda r: (-r.parts[kind].share, r.name))
    return enough + sorted((row for row in rows if row.few), key=lambda row: row.name)
