"""Seeded streams of updates, how an answer about them is judged, and the endurance score.

The protocol is that of PI-LLM (Wang and Sun 2025, "Unable to Forget"): keys get new values again
and again, and only the newest counts. Words and wordings are this project's own. Where their
harness kept no filler in the test of tracked keys, all keys here are updated alike, so that its
length is constant.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np

from newsroom.errors import BadRequest

WORDS = Path(__file__).parent / "words"
VALUES_PER_KEY = 400

UPDATES: Final = (2, 3, 4, 6, 8, 12, 17, 24, 34, 48, 68, 97, 139, 197, 281, 400)
KEY_COUNTS: Final = (2, 3, 4, 5, 6, 8, 11, 15, 20, 26, 35, 46)
VALUE_WORDS: Final = (1, 2, 3, 4, 6, 10, 16, 25, 40)

Fault = Literal["latest", "stale", "other-key", "never-shown", "missing"]
FAULTS: Final[tuple[Fault, ...]] = ("latest", "stale", "other-key", "never-shown", "missing")


@cache
def word_lists(name: str) -> Mapping[str, tuple[str, ...]]:
    """The lists of ``words/NAME.txt``: one a line, its name, a colon and its words."""
    found = {}
    for line in (WORDS / f"{name}.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            key, _, words = line.partition(": ")
            found[key] = tuple(words.split(", "))
    return found


@cache
def values_of() -> Mapping[str, tuple[str, ...]]:
    """The 400 values of each of the 46 keys; no value belongs to two keys."""
    lists = dict(word_lists("stream"))
    modifiers = lists.pop("modifiers")
    return {
        key: tuple(f"{m} {n}" for n in nouns for m in modifiers) for key, nouns in lists.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Updates (key, value) in the order they are told; ``asked`` are the keys asked for."""

    updates: tuple[tuple[str, str], ...]
    asked: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, in the order of their first update."""
        return tuple(dict.fromkeys(key for key, _ in self.updates))

    def values(self, key: str) -> list[str]:
        """All values of a key, oldest first."""
        return [value for other, value in self.updates if other == key]


def stream(
    seed: int,
    *,
    updates: int,
    keys: int = 46,
    asked: int | None = None,
    value_words: int = 1,
    interleaved: bool = True,
) -> Stream:
    """``updates`` values for each key, no value twice, never the same key twice in a row.

    Not ``interleaved``: key after key. ``asked`` of the keys are asked for (all by default).
    ``value_words`` above one joins that many values into one long word.
    """
    lists = values_of()
    if not (1 <= updates <= VALUES_PER_KEY and 2 <= keys <= len(lists) and value_words >= 1):
        raise BadRequest("stream-size", "2 to 46 keys, 1 to 400 updates, values of 1 word or more")
    rng = np.random.default_rng([seed, updates, keys, value_words])
    names = [list(lists)[i] for i in rng.permutation(len(lists))[:keys]]
    told = {name: _values(rng, lists[name], updates, value_words) for name in names}
    order = _interleaved(rng, keys, updates) if interleaved else np.repeat(range(keys), updates)
    upcoming = {name: iter(told[name]) for name in names}
    return Stream(
        updates=tuple((names[i], next(upcoming[names[i]])) for i in order),
        asked=tuple(names[: keys if asked is None else asked]),
    )


def _values(rng: np.random.Generator, values: Sequence[str], count: int, words: int) -> list[str]:
    if words == 1:
        return [values[i] for i in rng.permutation(len(values))[:count]]
    found: dict[str, None] = {}
    while len(found) < count:
        parts = " ".join(values[i] for i in rng.choice(len(values), words, replace=False))
        found["".join(part.capitalize() for part in parts.split())] = None
    return list(found)


def _interleaved(rng: np.random.Generator, keys: int, updates: int) -> list[int]:
    """Key numbers at random, by how many updates they still have, never one twice in a row."""
    left, order, last = np.full(keys, updates), list[int](), -1
    for dice in rng.random(keys * updates):
        weights = left.astype(float)
        if last >= 0:
            weights[last] = 0
        # A key with more than half of what is left must come now, or it meets itself at the end.
        most = int(left.argmax())
        if most != last and 2 * left[most] > left.sum():
            last = most
        else:
            last = int(np.searchsorted(weights.cumsum(), dice * weights.sum(), side="right"))
        left[last] -= 1
        order.append(last)
    return order


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer is; ``lag`` is how many updates ago a stale one was true."""

    fault: Fault
    lag: int = 0


def judge(answers: Mapping[str, str | None], told: Stream) -> dict[str, Verdict]:
    """Compare an answer for each key with the stream, whatever its case and spaces."""
    shown: dict[str, list[str]] = {}
    for key, value in told.updates:
        shown.setdefault(key, []).append(_folded(value))
    anywhere = {value for values in shown.values() for value in values}
    return {key: _verdict(answer, shown[key], anywhere) for key, answer in answers.items()}


def _verdict(answer: str | None, own: Sequence[str], anywhere: Collection[str]) -> Verdict:
    said = _folded(answer or "")
    if not said:
        return Verdict(fault="missing")
    if said in own:
        lag = len(own) - 1 - own.index(said)
        return Verdict(fault="stale" if lag else "latest", lag=lag)
    return Verdict(fault="other-key" if said in anywhere else "never-shown")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def tally(verdicts: Collection[Verdict]) -> dict[str, float]:
    """The share of each kind of answer, and the median lag of the stale ones (0 without)."""
    shares: dict[str, float] = {
        fault: sum(v.fault == fault for v in verdicts) / max(len(verdicts), 1) for fault in FAULTS
    }
    lags = [v.lag for v in verdicts if v.fault == "stale"]
    return {**shares, "median stale lag": float(np.median(lags)) if lags else 0.0}


def endurance(accuracy_at: Mapping[int, float]) -> float:
    """Interference endurance score: area under accuracy over ln n, divided by its span: 0 to 1."""
    if len(accuracy_at) < 2:
        raise BadRequest("endurance-points", "the endurance score needs two points or more")
    points = sorted(accuracy_at.items())
    x, y = [math.log(n) for n, _ in points], [a for _, a in points]
    return float(np.trapezoid(y, x)) / (x[-1] - x[0])


def log_fit(accuracy_at: Mapping[int, float]) -> tuple[float, float]:
    """Slope of accuracy over ln n by least squares, and R squared (0 for a flat line)."""
    x = np.log(np.array(sorted(accuracy_at), dtype=float))
    y = np.array([accuracy_at[n] for n in sorted(accuracy_at)])
    slope, level = np.polyfit(x, y, 1)
    spread = float(((y - y.mean()) ** 2).sum())
    rest = float(((y - slope * x - level) ** 2).sum())
    return float(slope), 1 - rest / spread if spread > 1e-12 else 0.0
