"""Online linking replayed in the order of time: ``python -m benchmarks.online_linking --data DIR``.

Every article asks the bank for its nearest articles and gets its event at once, by the event
pointer and by likeness, with the code that links in the running system; the nightly grouping then
judges all of them again. Orders are drawn anew within each day. Tuning events are those the
grouping was tuned on and the pointer trained on (optimistic for both); held-out roundups were seen
by neither, 9 of the 14 held-out ECB+ topics by the grouping. Writes ``online.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotator.encoder import chunks_version, version
from annotator.events import online
from annotator.events.cluster import EVENT, grow
from annotator.events.linking import GROUPS_READ, MEMBERS_READ
from annotator.events.online import Near
from annotator.events.scores import b_cubed, kept_alone, pairwise
from annotator.events.signature import LEAD_CHARS, Signatures, word_rows
from annotator.events.tuning_data import vectors
from annotator.heads.data import table
from annotator.links.data import FILES, Article, articles
from annotator.links.replay import LATER_DAYS, LATER_SHARE, START
from annotator.remember import pointing
from memory_lm.bank import AsOf, Bank, Record
from memory_lm.link import features, found
from memory_lm.relations import load_link
from memory_lm.supersede import END_OF_TIME

RESULTS = Path(__file__).parent / "results" / "events"
ORDERS = 2
CACHED = {"ecbplus": "documents", "roundups": "snippets"}
KINDS = (
    ("roundups, real dates", "roundups", "real"),
    ("ECB+, undated", "ecbplus", None),
    ("ECB+, 1 event a day", "ecbplus", 1),
    ("roundups, 50 events a day", "roundups", 50),
    ("roundups, undated", "roundups", None),
)
PARTS = ("tuning", "held-out")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Articles of one kind: what a bank keeps of them, their signatures, days and true events."""

    articles: Sequence[Article]
    signatures: Signatures
    truth: list[str]
    dated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One article of a replay, the places of those found near it, and P(same event) of each."""

    at: int
    others: list[int]
    chances: list[float]


def told(data: Path, cache: Path, name: str, *, held_out: bool, dates: int | str | None) -> Told:
    """The articles of a set with real, simulated or no dates."""
    rows = table(data, FILES[name])
    texts = [(row.get("title") or "", row["text"] or "") for row in rows]
    dense = vectors(CACHED[name], texts, cache)
    kept = [a for a in articles(data, name, cache) if (a.fold < 0) == held_out]
    if dates == "real":
        kept = [a for a in kept if not np.isnan(a.day)]
    event = np.array([a.event for a in kept])
    day = np.full(len(kept), np.nan)
    if dates == "real":
        day = np.array([a.day for a in kept])
    elif dates is not None:
        day = _simulated(event, int(dates))
    number = [int(a.article_id.rpartition("-")[2]) for a in kept]
    leads = [f"{texts[i][0]}\n{texts[i][1][:LEAD_CHARS]}" for i in number]
    return Told(
        articles=kept,
        signatures=Signatures(dense=dense[number], words=word_rows(leads), day=day),
        truth=event.tolist(),
        dated=dates is not None,
    )


def _simulated(event: NDArray[np.str_], per_day: int) -> Floats:
    rng = np.random.default_rng(0)
    names, which = np.unique(event, return_inverse=True)
    first = rng.integers(0, max(1, len(names) // per_day), len(names))
    later = rng.choice(LATER_DAYS, len(event), p=LATER_SHARE) + rng.random(len(event)) * 0.3
    day: Floats = (first[which] + later).astype(np.float64)
    return day


def ask(one: Told, order: Sequence[int], head: object) -> list[Asked]:
    """Every article in order asks the bank, then is written to it."""
    bank, asked = Bank("replay"), []
    for sequence, at in enumerate(order, start=1):
        article, day = one.articles[at], one.signatures.day[at]
        when = START + timedelta(days=float(day) % 100_000 if one.dated else 0.0)
        records = [
            Record(
                record_id=8 * at + part, article_id=str(at), part=part, event_id=None,
                publisher_id="", published_at=when, known_at=when, sequence=sequence,
                backbone_version="replay", text=text,
            )
            for part, text in enumerate(article.texts)
        ]  # fmt: skip
        now = AsOf(time=END_OF_TIME, sequence=sequence)
        nearest = found(bank, records, article.keys, now)
        rows = features(bank, head.rarity, records, article.keys, nearest, dated=one.dated)
        chances = head.pair.probabilities(rows)[:, 1]
        best = np.argsort(-chances, kind="stable")
        asked.append(
            Asked(
                at=at,
                others=[int(nearest[i].article_id) for i in best],
                chances=[float(chances[i]) for i in best],
            )
        )
        bank.append(records, article.keys)
    return asked


def decide(one: Told, asked: Sequence[Asked], point: online.Point | None) -> NDArray[np.int64]:
    """The event of each article [n] as it is decided when it comes, by one of the linkers."""
    event = np.full(len(one.truth), -1)
    members: defaultdict[int, list[int]] = defaultdict(list)
    day, seen = one.signatures.day, []
    for new, a in enumerate(asked):
        near = [
            Near(article_id=str(other), group=str(event[other]), chance=chance)
            for other, chance in zip(a.others, a.chances, strict=True)
            if not one.dated or _reaches(day, members[int(event[other])], a.at)
        ]
        fit = None
        if point is not None:
            fit = online.by_pointer(near, point)
        elif near:
            groups = list(dict.fromkeys(o.group for o in near))[:GROUPS_READ]
            rows = [(g, i) for g in groups for i in _some(members[int(g)])]
            where = [a.at, *(i for _, i in rows)]
            apart = np.abs(np.array(seen) - day[a.at]) <= EVENT.span_days if one.dated else seen
            fit = online.by_likeness(
                Signatures(
                    dense=one.signatures.dense[where],
                    words=one.signatures.words[where],
                    day=day[where],
                ),
                [str(i) for _, i in rows],
                [g for g, _ in rows],
                EVENT,
                before=int(np.count_nonzero(apart) if one.dated else len(seen)) + 1,
            )
        event[a.at] = new if fit is None else int(fit.group)
        members[int(event[a.at])].append(a.at)
        seen.append(day[a.at])
    return event


def _reaches(day: Floats, members: Sequence[int], at: int) -> bool:
    span = [*(float(day[i]) for i in members), float(day[at])]
    return max(span) - min(span) <= EVENT.span_days


def _some(members: Sequence[int]) -> list[int]:
    """As the store draws them: the first by an id that means nothing."""
    return sorted(members, key=lambda i: i * 2_654_435_761 % 4_294_967_291)[:MEMBERS_READ]


def measured(truth: Sequence[str], event: Sequence[int]) -> dict[str, float]:
    score = b_cubed(truth, event)
    return {
        "b_cubed_precision": round(score.precision, 4),
        "b_cubed_recall": round(score.recall, 4),
        "b_cubed_f1": round(score.f1, 4),
        "pairwise_f1": round(pairwise(truth, event).f1, 4),
        "singletons_kept": round(kept_alone(truth, event), 4),
    }


def moved(one: Sequence[int], other: Sequence[int]) -> float:
    """Share of articles whose fellows differ between two groupings."""
    pairs = zip(_fellows(one), _fellows(other), strict=True)
    return sum(a != b for a, b in pairs) / len(one)


def _fellows(event: Sequence[int]) -> list[frozenset[int]]:
    members: defaultdict[int, set[int]] = defaultdict(set)
    for i, label in enumerate(event):
        members[label].add(i)
    frozen = {label: frozenset(group) for label, group in members.items()}
    return [frozen[label] for label in event]


def main() -> None:
    """Replay every kind and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors between runs")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    head = load_link(chunks_version())
    linkers = {"pointer": pointing(head), "similarity": None}
    used = time.process_time()
    report: dict[str, dict[str, object]] = {}
    for part in args.parts:
        report[part] = {}
        for kind, name, dates in KINDS:
            one = told(args.data, args.cache, name, held_out=part == "held-out", dates=dates)
            n = len(one.truth)
            batch = grow(one.signatures, np.arange(n), EVENT).tolist()
            shuffled = np.random.default_rng(1).permutation(n)
            again = grow(
                Signatures(
                    dense=one.signatures.dense[shuffled],
                    words=one.signatures.words[shuffled],
                    day=one.signatures.day[shuffled],
                ),
                np.arange(n),
                EVENT,
            )
            back = np.empty(n, np.int64)
            back[shuffled] = again
            row: dict[str, object] = {
                "articles": n,
                "events": len(set(one.truth)),
                "singletons": sum(count == 1 for count in Counter(one.truth).values()),
                "after_the_nightly_pass": measured(one.truth, batch)
                | {"memberships_changed_by_order": round(moved(batch, back.tolist()), 4)},
            }
            orders = []
            for seed in range(ORDERS):
                key = np.random.default_rng(seed).random(n)
                day = np.floor(one.signatures.day) if one.dated else np.zeros(n)
                orders.append(ask(one, np.lexsort((key, day)).tolist(), head))
            for linker, point in linkers.items():
                made = [decide(one, asked, point).tolist() for asked in orders]
                row[linker] = measured(one.truth, made[0]) | {
                    "memberships_changed_by_order": round(moved(made[0], made[1]), 4),
                    "memberships_changed_by_the_nightly_pass": round(moved(made[0], batch), 4),
                }
            report[part][kind] = row
            print(part, kind, json.dumps(row), flush=True)
    result = {
        "measure": "events given as articles come in, and after the nightly pass",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "encoder": version(),
        "cpu_seconds": round(time.process_time() - used),
        "pointer_threshold": head.threshold,
        **report,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "online.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
