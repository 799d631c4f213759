"""The demo's truth about facts and states, and what is right of what was found."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator import encoder
from annotator.events import facts, state, timeline
from annotator.events.amounts import amounts, numbers
from annotator.events.facts import Fact, Node, Sentence
from annotator.events.pairing import PairModel
from annotator.events.timeline import Mention, Slot, Told
from annotator.sentences.labeller import SentenceLabeller
from scraper.demo.content import load
from scraper.demo.model import Article, Story

Floats = NDArray[np.floating[Any]]
Pairs = tuple[Floats, NDArray[np.bool_]]


def tuned_on(story_id: str) -> bool:
    return hashlib.sha256(story_id.encode()).digest()[0] % 2 == 0


@dataclass(frozen=True)
class Known:
    """One story with what the shipped parts make of its sentences."""

    story: Story
    articles: tuple[Article, ...]
    types: Mapping[str, Mapping[int, str]]
    vector: Callable[[Sequence[str]], NDArray[np.float32]]

    @cached_property
    def home(self) -> dict[str, str]:
        slugs = {a.slug: a.url for a in self.articles}
        return {a.url: slugs[a.copy_of] if a.copy_of else a.url for a in self.articles}

    @cached_property
    def true_facts(self) -> dict[tuple[str, int], frozenset[str]]:
        return {
            (a.url, n): frozenset(s.facts)
            for a in self.articles
            for n, s in enumerate(a.sentences)
            if s.facts
        }

    @property
    def events(self) -> list[list[Article]]:
        """Articles of each event that more than one outlet covered."""
        groups: defaultdict[str | None, list[Article]] = defaultdict(list)
        for article in self.articles:
            groups[article.event].append(article)
        return [g for g in groups.values() if len({a.outlet.publisher_id for a in g}) > 1]

    @cached_property
    def compared(self) -> list[tuple[list[Node], Floats]]:
        """Wordings of each event and the features of their pairs."""
        found = []
        for event in self.events:
            nodes = self.nodes(event)
            found.append((nodes, facts.features(nodes, self.vector([n.text for n in nodes]))))
        return found

    def nodes(self, articles: Iterable[Article]) -> list[Node]:
        return facts.nodes(
            [
                Sentence(article=a.url, outlet=a.outlet.publisher_id, source=self.home[a.url],
                         number=n, text=text, factual=is_fact)
                for a in articles
                for said in ([s.text for s in a.sentences],)
                for n, text, is_fact in state.judged(said, self.types[a.url])
            ]
        )  # fmt: skip

    @cached_property
    def told(self) -> list[Told]:
        return [
            Told(article=a.url, outlet=a.outlet.publisher_id, source=self.home[a.url],
                 at=a.published, number=n, text=text)
            for a in self.articles
            for n, text in ((-1, a.headline), *state.in_own_words([s.text for s in a.sentences]))
        ]  # fmt: skip

    @cached_property
    def mentions(self) -> list[Mention]:
        return timeline.mentions(self.told)

    @cached_property
    def mention_vectors(self) -> NDArray[np.float32]:
        return self.vector(timeline.claims(self.mentions))

    @cached_property
    def mention_features(self) -> Floats:
        return timeline.features(self.mentions, self.mention_vectors)

    def slots(self) -> dict[str, list[str]]:
        """Values of each authored slot in order, and its fact ids."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for fact in self.story.facts:
            if fact.slot is not None:
                found[fact.slot].append(fact.fact_id)
        return found

    def value(self, fact_id: str) -> str:
        return next(str(f.value) for f in self.story.facts if f.fact_id == fact_id)


def known() -> list[Known]:
    content = load()
    labeller = SentenceLabeller()
    memory: dict[str, NDArray[np.float32]] = {}

    def vector(texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in memory]
        if new:
            memory.update(zip(new, encoder.embed(new), strict=True))
        return np.array([memory[text] for text in texts], np.float32).reshape(len(texts), -1)

    found = []
    for story in content.stories.values():
        own = tuple(a for a in content.articles if a.story == story.story_id)
        labels = labeller.label([[s.text for s in a.sentences] for a in own])
        types = {
            a.url: {n: one.type.label for n, one in enumerate(of)}
            for a, of in zip(own, labels, strict=True)
        }
        found.append(Known(story=story, articles=own, types=types, vector=vector))
    return found


# --- facts


def fact_pairs(one: Known) -> Pairs:
    """Features and truth of all pairs of wordings of each event."""
    rows, same = [], []
    for nodes, every in one.compared:
        true = [_true(one, node) for node in nodes]
        for i in range(len(nodes)):
            for j in range(i):
                rows.append(every[i, j])
                same.append(bool(true[i] & true[j]))
    return np.array(rows).reshape(len(rows), len(facts.FEATURES)), np.array(same, bool)


def _true(one: Known, node: Node) -> frozenset[str]:
    return frozenset().union(
        *(one.true_facts.get((s.article, s.number), frozenset()) for s in node.sentences)
    )


Align = Callable[[Known, int], list[Fact]]


def with_model(model: PairModel) -> Align:
    return by_story(lambda _: model)


def by_story(model_of: Callable[[str], PairModel]) -> Align:
    def align(one: Known, number: int) -> list[Fact]:
        nodes, every = one.compared[number]
        model = model_of(one.story.story_id)
        outlets = {s.outlet for node in nodes for s in node.sentences}
        return facts.of_chances(nodes, model.probabilities(every), len(outlets), model)

    return align


def fact_score(every: Sequence[Known], align: Align) -> dict[str, Any]:
    """Measures over the events of these stories that several outlets covered."""
    items: list[tuple[str, frozenset[str], object, bool]] = []
    right: list[tuple[bool, bool]] = []
    said, meant, hit = Counter[bool](), 0, 0
    exclusive = 0
    for one in every:
        for number, event in enumerate(one.events):
            outlets = {a.outlet.publisher_id for a in event}
            found = align(one, number)
            place = {(s.article, s.number): n for n, f in enumerate(found) for s in f.sentences}
            key = f"{one.story.story_id}/{number}"
            stated: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
            for article in event:
                for n, _ in enumerate(article.sentences):
                    at = (article.url, n)
                    true = one.true_facts.get(at, frozenset())
                    for fact in true:
                        stated[fact].add(at)
                    if article.copy_of is None and (true or at in place):
                        items.append((key, true, place.get(at, at), bool(true)))
            outlet = {a.url: a.outlet.publisher_id for a in event}
            alone = {f for f, at in stated.items() if len({outlet[url] for url, _ in at}) == 1}
            for fact, at in stated.items():
                best = max(
                    found, default=None,
                    key=lambda f: len(at & _places(f)) / len(at | _places(f)),
                )  # fmt: skip
                told = set(best.outlets) if best is not None and at & _places(best) else set()
                reported = {outlet[url] for url, _ in at}
                right += [(o in reported, o in told) for o in sorted(outlets)]
                meant += fact in alone
                hit += fact in alone and best is not None and best.exclusive and bool(told)
            for fact in found:
                exclusive += fact.exclusive
                true = frozenset().union(
                    *(one.true_facts.get(at, frozenset()) for at in _places(fact))
                )
                if fact.exclusive and true:
                    said[bool(true & alone)] += 1
    measures = {
        "b_cubed": extended_b_cubed([i for i in items if i[3]]),
        "b_cubed_with_unshared": extended_b_cubed(items),
        "outlets": {
            "pairs": len(right),
            "accuracy": _mean(a == b for a, b in right),
            "reported_found": _mean(b for a, b in right if a),
            "omitted_found": _mean(not b for a, b in right if not a),
            "if_all_reported": _mean(a for a, _ in right),
            "if_none_reported": _mean(not a for a, _ in right),
        },
        "exclusives": {
            "precision": round(said[True] / max(1, sum(said.values())), 4),
            "recall": round(hit / max(1, meant), 4),
            "authored": meant,
            "claimed_of_authored_facts": sum(said.values()),
            "claimed_of_all_sentences": exclusive,
        },
    }
    return measures | {"events": sum(len(one.events) for one in every), "sentences": len(items)}


def _places(fact: Fact) -> set[tuple[str, int]]:
    return {(s.article, s.number) for s in fact.sentences}


def extended_b_cubed(items: Sequence[tuple[str, frozenset[str], object, bool]]) -> dict[str, float]:
    """B-cubed where an item may have several true groups (Amigó et al. 2009); found: one each.

    An item without a true group is a group of its own.
    """
    truth = [t or frozenset({f"alone {n}"}) for n, (_, t, _, _) in enumerate(items)]
    precision, recall = [], []
    for i, (event, _, mine, _) in enumerate(items):
        near = [j for j, other in enumerate(items) if other[0] == event]
        together = [j for j in near if items[j][2] == mine]
        alike = [j for j in near if truth[i] & truth[j]]
        precision.append(fmean(bool(truth[i] & truth[j]) for j in together))
        recall.append(
            fmean(min(1, len(truth[i] & truth[j])) / len(truth[i] & truth[j])
                  if items[j][2] == mine else 0.0 for j in alike)
        )  # fmt: skip
    p, r = fmean(precision), fmean(recall)
    return {"precision": round(p, 4), "recall": round(r, 4), "f1": round(2 * p * r / (p + r), 4)}


def slot_pairs(one: Known) -> Pairs:
    """Features and truth of all comparable pairs of mentions."""
    found = one.mentions
    every = one.mention_features
    can = timeline.comparable(found)
    label = [_slot_of(one, m) for m in found]
    rows, same = [], []
    for i in range(len(found)):
        for j in range(i):
            if can[i, j] and found[i].told.text != found[j].told.text:
                rows.append(every[i, j])
                same.append(bool(label[i] & label[j]))
    return np.array(rows).reshape(len(rows), len(timeline.FEATURES)), np.array(same, bool)


def _slot_of(one: Known, mention: Mention) -> frozenset[str]:
    """Slots and single-valued facts that a mention tells a value of."""
    true = one.true_facts.get((mention.told.article, mention.told.number), frozenset())
    slots = {
        name
        for name, ids in one.slots().items()
        if true & set(ids) and any(_is(mention, one.value(f)) for f in ids)
    }
    if slots:
        return frozenset(slots)
    in_slots = {f for ids in one.slots().values() for f in ids}
    claim = {f.fact_id: f.claim for f in one.story.facts}
    return frozenset(f"fact {f}" for f in true - in_slots if _is(mention, claim[f]))


def _is(mention: Mention, told: str) -> bool:
    """Whether a text holds the value of a mention."""
    values = {a.key for a in amounts(f"voted {told}")} | {a.key for a in amounts(told)}
    plain = {v for key in values for v in key if v >= 0} | numbers(told)
    key = mention.amount.key
    return key in values or (mention.amount.against is None and key[0] in plain)


def state_score(
    every: Sequence[Known], made: Callable[[Known], list[Slot]], latest: Callable[[Slot], Mention]
) -> dict[str, Any]:
    """Whether the latest value of each authored slot is right, stale, wrong or not there.

    The timeline of a slot is the one with most tellings of its values in its sentences.
    """
    outcome: Counter[str] = Counter()
    rows, timelines, authored = [], 0, 0
    for one in every:
        found = made(one)
        timelines += len(found)
        true = {
            name: [
                [
                    _tells(one, step.mention, ids)
                    for step in slot.steps
                    if step.mention.told.number >= 0
                ]
                for slot in found
            ]
            for name, ids in one.slots().items()
        }
        # Of several timelines of one slot all but one are too many.
        authored += sum(
            any(2 * sum(of[k]) >= max(1, len(of[k])) for k in range(len(found)))
            for of in true.values()
        )
        for name, ids in one.slots().items():
            told = [sum(of) for of in true[name]]
            best = int(np.argmax(told)) if any(told) else None
            got = None if best is None else latest(found[best])
            what = (
                "missing" if got is None
                else "right" if _is(got, one.value(ids[-1]))
                else "stale" if any(_is(got, one.value(f)) for f in ids[:-1])
                else "wrong"
            )  # fmt: skip
            outcome[what] += 1
            rows.append({"story": one.story.story_id, "slot": name, "outcome": what,
                         "latest": None if got is None else got.words})  # fmt: skip
    n = sum(outcome.values())
    shares = {
        "latest_right" if name == "right" else name: round(outcome[name] / n, 4)
        for name in ("right", "stale", "wrong", "missing")
    }
    return {"slots": n} | shares | {
        "timelines": timelines, "slots_with_a_timeline": authored, "each": rows,
    }  # fmt: skip


def _tells(one: Known, mention: Mention, ids: Sequence[str]) -> bool:
    true = one.true_facts.get((mention.told.article, mention.told.number), frozenset())
    return bool(true & set(ids)) and any(_is(mention, one.value(f)) for f in ids)


def newest(slot: Slot) -> Mention:
    return slot.latest[0].mention


def most_frequent(slot: Slot) -> Mention:
    told: defaultdict[int, set[str]] = defaultdict(set)
    for step in slot.steps:
        told[step.value].add(step.mention.told.source)
    # Of two values told equally often the earlier: the control knows no time.
    value = max(told, key=lambda v: (len(told[v]), -v))
    return next(s.mention for s in slot.steps if s.value == value)


def _mean(values: Iterable[object]) -> float:
    held = [bool(v) for v in values]
    return round(fmean(held), 4) if held else 0.0
