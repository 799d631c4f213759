"""Made-up news about numbers that change, and the pairs that the pair head is trained on.

Training and test share no place, claim, wording, key or value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from memory_lm.bank import Record
from memory_lm.labs.interference_streams import WORDS, word_lists
from memory_lm.pair_fit import Sample, calibrated, fit
from memory_lm.supersede import RELATIONS, PairHead, Relation, claim_of, features

if TYPE_CHECKING:
    from numpy.typing import NDArray

START = datetime(2026, 1, 1, tzinfo=UTC)
OUTLETS = ("outlet-a", "outlet-b", "outlet-c", "outlet-d")

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]


@cache
def sentences(part: Literal["test", "training"]) -> Mapping[str, Any]:
    """Places and claims of ``words/events.toml``."""
    tree: Mapping[str, Any] = tomllib.loads((WORDS / "events.toml").read_text("utf-8"))[part]
    return tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question about an event stream, its number and the articles that state it."""

    text: str
    place: str
    number: str
    articles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """Records in the order they arrive, and what is true in the end."""

    records: tuple[Record, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    text: str
    number: str
    published_at: datetime
    outlet: str
    delay: timedelta = timedelta(hours=1)


def event_stream(
    seed: int,
    backbone_version: str,
    *,
    updates: int,
    places: int = 16,
    late: float = 0.1,
    repeated: float = 0.15,
    withdrawn: float = 0.0,
    reworded: bool = False,
) -> EventStream:
    """Every claim about every place gets ``updates`` numbers, one to three days apart.

    Shares: of reports that arrive up to five days ``late``, of numbers ``repeated`` by another
    outlet within hours, and of claims whose newest number is ``withdrawn`` in the end. With
    ``reworded`` some sentences name their claim by another word (lives lost for a death toll).
    """
    rng, world = np.random.default_rng([seed, updates]), sentences("test")
    told: list[tuple[str, _Told]] = []
    asked: list[Asked] = []
    articles: dict[tuple[str, str, str], list[int]] = {}
    for place in world["places"][:places]:
        for claim in world["claims"]:
            takes_back = updates > 1 and rng.random() < withdrawn
            history = list(
                _history(
                    rng, claim, place, updates,
                    late=late, repeated=repeated, takes_back=takes_back, reworded=reworded,
                )
            )  # fmt: skip
            numbers = list(dict.fromkeys(item.number for item in history if item.number))
            number = numbers[-2 if takes_back else -1]
            question = claim["question"].format(place=place)
            for item in history:
                articles.setdefault((question, place, item.number), []).append(len(told))
                told.append((place, item))
            asked.append(
                Asked(
                    text=question, place=place, number=number,
                    articles=frozenset(f"article-{i}" for i in articles[question, place, number]),
                )
            )  # fmt: skip
    arrivals = sorted(range(len(told)), key=lambda i: told[i][1].published_at + told[i][1].delay)
    records = tuple(
        Record(
            record_id=i, article_id=f"article-{i}", part=0, event_id=told[i][0],
            publisher_id=told[i][1].outlet, published_at=told[i][1].published_at,
            known_at=told[i][1].published_at + told[i][1].delay, sequence=sequence,
            backbone_version=backbone_version, text=told[i][1].text,
        )
        for sequence, i in enumerate(arrivals, start=1)
    )  # fmt: skip
    return EventStream(records=records, asked=tuple(asked))


def _history(
    rng: np.random.Generator, claim: Mapping[str, Any], place: str, updates: int,
    *, late: float, repeated: float, takes_back: bool, reworded: bool,
) -> Iterator[_Told]:  # fmt: skip
    at = START + timedelta(hours=float(rng.uniform(0, 48)))
    numbers = rng.choice(np.arange(3, 10_000), updates, replace=False)
    told = [*claim["told"], *(claim["reworded"] if reworded else ())]
    for i, number in enumerate(numbers):
        one, other = (told[k] for k in rng.permutation(len(told))[:2])
        outlet, echo = (OUTLETS[k] for k in rng.permutation(len(OUTLETS))[:2])
        delay = timedelta(hours=float(rng.uniform(24, 120)) if rng.random() < late else 1.0)
        text = one.format(place=place, n=number)
        yield _Told(text=text, number=str(number), published_at=at, outlet=outlet, delay=delay)
        if takes_back and i == updates - 1:
            text = claim["withdrawn"].format(place=place, n=number)
            # It comes after the report it speaks of.
            when = at + delay + timedelta(hours=12)
            yield _Told(text=text, number="", published_at=when, outlet=outlet)
        elif rng.random() < repeated:
            when = at + timedelta(hours=float(rng.uniform(2, 10)))
            text = other.format(place=place, n=number)
            yield _Told(text=text, number=str(number), published_at=when, outlet=echo)
        at += timedelta(hours=float(rng.uniform(24, 72)))


def trained_head(embed: Embed, *, seed: int, pairs: int = 6000) -> PairHead:
    """A pair head from synthetic streams; its temperature is set on claims and keys held out."""
    rng = np.random.default_rng([seed, 71])
    world, keys = sentences("training"), word_lists("training")["keys"]
    apart, places, quarter = {"vote", "airport"}, world["places"], len(keys) // 4
    held_claims = [claim for claim in world["claims"] if claim["story"] in apart]
    seen_claims = [claim for claim in world["claims"] if claim["story"] not in apart]
    seen = sampled_pairs(embed, rng, seen_claims, places[5:], keys[quarter:], pairs)
    held = sampled_pairs(embed, rng, held_claims, places[:5], keys[:quarter], pairs // 4)
    return calibrated(fit(seen, seed=seed), held)


def sampled_pairs(
    embed: Embed,
    rng: np.random.Generator,
    claims: Sequence[Mapping[str, Any]],
    places: Sequence[str],
    keys: Sequence[str],
    count: int,
) -> Sample:
    """Labelled pairs: two fifths bare keys with noise on their vectors, the rest sentences."""
    texts = {
        claim_of(template.format(place=place, n=1))
        for claim in claims for template in (*claim["told"], claim["withdrawn"]) for place in places
    }  # fmt: skip
    ordered = sorted(texts | set(keys))
    vector = dict(zip(ordered, embed(ordered), strict=True))
    near = np.stack([vector[key] for key in keys])
    nearest = (near @ near.T - 2 * np.eye(len(keys))).argmax(axis=1)
    rows, labels = [], []
    for _ in range(count):
        if rng.random() < 0.4:
            relation, older, newer = _keys(rng, keys, near, nearest)
        else:
            relation, older, newer = _claims(rng, claims, places, vector)
        rows.append(_row(rng, older, newer))
        labels.append(RELATIONS.index(relation))
    return Sample.even(np.concatenate(rows), np.array(labels))


_Side = tuple[str, "NDArray[np.float32]"]


def noisy(
    vector: NDArray[np.float32], noise: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A mention of a key: its vector plus a random direction of length ``noise``, unit again."""
    random = rng.standard_normal((len(vector),)).astype(np.float32)
    moved: NDArray[np.float32] = vector + random * np.float32(noise / np.linalg.norm(random))
    moved /= np.linalg.norm(moved)
    return moved


def _keys(
    rng: np.random.Generator,
    keys: Sequence[str],
    near: NDArray[np.float32],
    nearest: NDArray[np.int64],
) -> tuple[Relation, _Side, _Side]:
    values = word_lists("training")["values"]
    noise = 0.0 if rng.random() < 0.3 else float(rng.uniform(0.1, 0.7))
    key, dice = int(rng.integers(len(keys))), rng.random()
    # Two words, of which a pair may share one, as two values of one key do.
    first, second, third, fourth = (values[i] for i in rng.permutation(len(values))[:4])
    one, other = f"{first} {second}", f"{first if rng.random() < 0.3 else third} {fourth}"
    relation: Relation = "updates"
    mate = key
    if dice < 0.5:
        relation, mate = "unrelated", int(rng.integers(len(keys) - 1))
        mate = int(nearest[key]) if dice < 0.25 else mate + (mate >= key)
    elif dice < 0.6:
        relation, other = "duplicate", one
    return relation, (one, noisy(near[key], noise, rng)), (other, noisy(near[mate], noise, rng))


def _claims(
    rng: np.random.Generator,
    claims: Sequence[Mapping[str, Any]],
    places: Sequence[str],
    vector: Mapping[str, NDArray[np.float32]],
) -> tuple[Relation, _Side, _Side]:
    def side(claim: Mapping[str, Any], place: str, number: int, *, notice: bool = False) -> _Side:
        told = claim["told"]
        template = claim["withdrawn"] if notice else told[int(rng.integers(len(told)))]
        text = template.format(place=place, n=number)
        return text, vector[claim_of(text)]

    place, elsewhere = (places[i] for i in rng.permutation(len(places))[:2])
    claim = claims[int(rng.integers(len(claims)))]
    others = [other for other in claims if other is not claim]
    # What is told of one event is mostly of one story, and hard to tell apart.
    akin = [other for other in others if other.get("story") == claim.get("story")]
    drawn_from = akin if akin and rng.random() < 0.8 else others
    another = drawn_from[int(rng.integers(len(drawn_from)))]
    number, changed = (int(n) for n in rng.choice(np.arange(3, 10_000), 2, replace=False))
    older, dice = side(claim, place, number), rng.random()
    if dice < 0.3:
        return "updates", older, side(claim, place, changed)
    if dice < 0.45:
        return "duplicate", older, side(claim, place, number)
    if dice < 0.65:
        return "adds", older, side(another, place, changed, notice=dice < 0.47)
    if dice < 0.75:
        return "withdraws", older, side(claim, place, number, notice=True)
    mate = claim if dice < 0.9 else another
    return "unrelated", older, side(mate, elsewhere, changed, notice=dice < 0.78)


def _row(rng: np.random.Generator, older: _Side, newer: _Side) -> NDArray[np.float32]:
    hours = float(np.exp(rng.uniform(np.log(0.5), np.log(24 * 60))))
    outlets = rng.integers(len(OUTLETS), size=2)
    made = [
        Record(
            record_id=i, article_id=str(i), part=0, event_id=None, publisher_id=OUTLETS[outlet],
            published_at=START + timedelta(hours=hours * i), known_at=START, sequence=i,
            backbone_version="", text=text,
        )
        for i, ((text, _), outlet) in enumerate(zip((older, newer), outlets, strict=True))
    ]  # fmt: skip
    return features(made[1], newer[1], made[:1], older[1][None])
