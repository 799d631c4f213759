"""Facts by outlet and the state of stories against the demo's truth.

``python -m benchmarks.event_state`` measures what is shipped; ``--tune`` first fits the two pair
models and writes ``annotator/events/state.json``. Stories whose id has an even first digest byte
were used for tuning (features, models, thresholds, and the rules of annotator/events/amounts.py);
the others are reported. Events and stories are the true ones, sentences as they were authored,
their types those of the shipped sentence labeller. The slot model learns from the made-up training
reports of memory_lm/labs as well; a second test of the state are their test reports, which share no
place, claim or wording with them.

Writes ``benchmarks/results/events/state.json``. About four minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from annotator import encoder
from annotator.events import facts, timeline
from annotator.events.pairing import FILE, PairModel, shipped
from annotator.events.timeline import Mention, Slot, Told
from benchmarks.event_state_scores import (
    Known,
    Pairs,
    by_story,
    fact_pairs,
    fact_score,
    known,
    most_frequent,
    newest,
    slot_pairs,
    state_score,
    tuned_on,
    with_model,
)
from memory_lm import relations, supersede
from memory_lm.bank import Record
from memory_lm.labs.interference_events import START, event_stream, sentences

RESULTS = Path(__file__).parent / "results" / "events"
SHIPPED = Path(timeline.__file__).with_name(FILE)
LEAST = (0.01, 0.02, 0.05, *(round(float(x), 2) for x in np.arange(0.1, 0.95, 0.05)))
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)
SHUFFLES = 50
UPDATES = (2, 8, 24)
PLACES = 8  # made-up places to learn from, each with five reports of every claim
SEED = 7
Models = Mapping[str, PairModel]


# --- models fitted on all tuning stories but one


def fitted(
    pairs: Sequence[Pairs], strength: float, features: Sequence[str], made_up: Pairs | None
) -> PairModel:
    """A logistic regression; made-up pairs weigh as much as all the others together."""
    rows = np.concatenate([r for r, _ in pairs])
    same = np.concatenate([s for _, s in pairs])
    weight = np.ones(len(rows))
    if made_up is not None:
        share = len(rows) / len(made_up[0])
        rows, same = np.concatenate([rows, made_up[0]]), np.concatenate([same, made_up[1]])
        weight = np.concatenate([weight, np.full(len(made_up[0]), share)])
    model = LogisticRegression(C=strength, max_iter=3000).fit(rows, same, weight)
    return PairModel(
        features=tuple(features), weights=tuple(round(float(w), 4) for w in model.coef_[0]),
        bias=round(float(model.intercept_[0]), 4), least=0.5,
    )  # fmt: skip


def tune(
    every: Sequence[Known],
    pairs: Sequence[Pairs],
    features: Sequence[str],
    goals: Mapping[str, Callable[[Models], float]],
    made_up: Pairs | None = None,
) -> tuple[PairModel, dict[str, Any]]:
    """Strength and ``least`` by the first goal, then each further threshold by its own."""
    (first, goal), *further = goals.items()
    tried: dict[tuple[float, float], float] = {}
    left: dict[float, Models] = {}
    for strength in STRENGTHS:
        left[strength] = {
            one.story.story_id: fitted(
                [p for j, p in enumerate(pairs) if j != i], strength, features, made_up
            )
            for i, one in enumerate(every)
        }
        for least in LEAST:
            tried[strength, least] = goal(_with(left[strength], first, least))
    strength, least = max(tried, key=lambda key: (tried[key], -key[0]))
    model = replace(fitted(pairs, strength, features, made_up), **{first: least})
    models = _with(left[strength], first, least)
    told = {"strength": strength, f"left_out_{first}": round(tried[strength, least], 4)}
    for name, score in further:
        value = best_of(LEAST, lambda x, n=name, s=score, m=models: s(_with(m, n, x)))
        model, models = replace(model, **{name: value}), _with(models, name, value)
        told[f"left_out_{name}"] = round(score(models), 4)
    return model, told


def _with(models: Models, name: str, value: float) -> Models:
    return {story: replace(model, **{name: value}) for story, model in models.items()}


def best_of(choices: Sequence[float], score: Callable[[float], float]) -> float:
    return max(choices, key=lambda x: (score(x), -x))


def grouping_goal(every: Sequence[Known]) -> Callable[[Models], float]:
    def goal(models: Models) -> float:
        got = fact_score(every, by_story(models.__getitem__))
        return fmean((got["b_cubed"]["f1"], got["b_cubed_with_unshared"]["f1"]))

    return goal


def outlets_goal(every: Sequence[Known]) -> Callable[[Models], float]:
    """Reported and omitted weigh the same, however many there are of each."""

    def goal(models: Models) -> float:
        got = fact_score(every, by_story(models.__getitem__))["outlets"]
        return fmean((got["reported_found"], got["omitted_found"]))

    return goal


def exclusives_goal(every: Sequence[Known]) -> Callable[[Models], float]:
    """F1 of the claims that something is exclusive."""

    def goal(models: Models) -> float:
        got = fact_score(every, by_story(models.__getitem__))["exclusives"]
        p, r = got["precision"], got["recall"]
        return float(2 * p * r / (p + r)) if p + r else 0.0

    return goal


def state_goal(every: Sequence[Known]) -> Callable[[Models], float]:
    """F1 of latest values that are right and of timelines, one for each authored slot."""

    def goal(models: Models) -> float:
        got = state_score(every, lambda one: of_model(models[one.story.story_id])(one), newest)
        right = got["latest_right"]
        authored = got["slots_with_a_timeline"] / max(1, got["timelines"])
        return float(2 * right * authored / (right + authored)) if right + authored else 0.0

    return goal


def made_up_pairs() -> Pairs:
    """Pairs of mentions of the training reports, each story of each place for itself."""
    rng, world = np.random.default_rng(SEED), sentences("training")
    rows, same = [], []
    for place in world["places"][:PLACES]:
        stories: defaultdict[str, list[tuple[int, Told]]] = defaultdict(list)
        for number, claim in enumerate(world["claims"]):
            for k, text in enumerate(claim["told"]):
                n = int(rng.integers(3, 10_000))
                stories[claim["story"]].append(
                    (
                        number,
                        _report(len(stories) * 100 + k, k, text.format(place=place, n=n), number),
                    )
                )
        for told in stories.values():
            claim_of = {one: number for number, one in told}
            found = timeline.mentions([one for _, one in told])
            every = timeline.features(found, encoder.embed(timeline.claims(found)))
            can = timeline.comparable(found)
            for i, one in enumerate(found):
                for j in range(i):
                    if can[i, j]:
                        rows.append(every[i, j])
                        same.append(claim_of[one.told] == claim_of[found[j].told])
    return np.array(rows), np.array(same, bool)


def _report(article: int, day: int, text: str, claim: int) -> Told:
    name = f"a{article}-{claim}"
    at = START + timedelta(days=day)
    return Told(article=name, outlet="a", source=name, at=at, number=0, text=text)


# --- what is compared


def by_one(feature: str) -> PairModel:
    """A control: one similarity, whose threshold is tuned like the model's."""
    weights = tuple(8.0 * (name == feature) for name in facts.FEATURES)
    return PairModel(features=facts.FEATURES, weights=weights, bias=-4.0, least=0.5)


def of_model(model: PairModel) -> Callable[[Known], list[Slot]]:
    def made(one: Known) -> list[Slot]:
        chances = model.probabilities(one.mention_features)
        return timeline.of_chances(one.mentions, chances, model.least)

    return made


def shuffled(model: PairModel, seed: int) -> Callable[[Known], list[Slot]]:
    """The same slots, each text told at the time of another."""

    def made(one: Known) -> list[Slot]:
        homes = sorted(set(one.home.values()))
        at = {t.source: t.at for t in one.told if t.article == t.source}
        moved = np.random.default_rng(seed).permutation(len(homes))
        times = {home: at[homes[k]] for home, k in zip(homes, moved, strict=True)}
        found = [replace(m, told=replace(m.told, at=times[m.told.source])) for m in one.mentions]
        chances = model.probabilities(one.mention_features)
        return timeline.of_chances(found, chances, model.least)

    return made


def by_head(least: float) -> Callable[[Known], list[Slot]]:
    """A control: the shipped relation head of the memory decides which claims are one slot."""
    head = relations.load(encoder.chunks_version())

    def made(one: Known) -> list[Slot]:
        found = one.mentions
        vectors = one.vector([supersede.claim_of(m.told.text) for m in found])
        records = [_record(n, m) for n, m in enumerate(found)]
        chances = np.zeros((len(found), len(found)))
        for i in range(1, len(records)):
            rows = supersede.features(records[i], vectors[i], records[:i], vectors[:i])
            chances[i, :i] = chances[:i, i] = supersede.same_slot(head.probabilities(rows))
        return timeline.of_chances(found, chances, least)

    return made


def _record(number: int, mention: Mention) -> Record:
    told = mention.told
    return Record(
        record_id=number, article_id=told.article, part=told.number + 1, event_id="e",
        publisher_id=told.outlet, published_at=told.at, known_at=told.at, sequence=number + 1,
        backbone_version="v", text=told.text,
    )  # fmt: skip


def made_up(updates: int, *, reworded: bool) -> dict[str, float]:
    """Latest numbers on made-up reports: the slot is the one nearest to the question."""
    stream = event_stream(SEED, "v", updates=updates, reworded=reworded)
    places: defaultdict[str | None, list[Told]] = defaultdict(list)
    for r in stream.records:
        places[r.event_id].append(
            Told(article=r.article_id, outlet=r.publisher_id, source=r.article_id,
                 at=r.published_at, number=0, text=r.text)
        )  # fmt: skip
    found: dict[str | None, list[tuple[Slot, NDArray[np.float32]]]] = {}
    for place, told in places.items():
        mentions = timeline.mentions(told)
        vectors = _embedded(timeline.claims(mentions))
        found[place] = [
            (slot, _embedded([s.mention.told.text for s in slot.steps]).mean(axis=0))
            for slot in timeline.slots(mentions, vectors)
        ]
    right = missing = 0
    for asked in stream.asked:
        slots = found[asked.place]
        [question] = encoder.embed([asked.text])
        best = max(slots, default=None, key=lambda one: float(one[1] @ question))
        missing += best is None
        right += best is not None and newest(best[0]).words.split()[0] == asked.number
    n = len(stream.asked)
    return {"questions": n, "right": round(right / n, 4), "missing": round(missing / n, 4)}


def _embedded(texts: Sequence[str]) -> NDArray[np.float32]:
    distinct = list(dict.fromkeys(texts))
    by = dict(zip(distinct, encoder.embed(distinct), strict=True))
    return np.array([by[text] for text in texts], np.float32)


# --- the report


def tuned(every: Sequence[Known]) -> dict[str, Any]:
    """Both models as they are to be shipped."""
    of_facts = tune(
        every, [fact_pairs(one) for one in every], facts.FEATURES,
        {"least": grouping_goal(every), "near": outlets_goal(every),
         "alone": exclusives_goal(every)},
    )  # fmt: skip
    of_slots = tune(
        every, [slot_pairs(one) for one in every], timeline.FEATURES,
        {"least": state_goal(every)}, made_up_pairs(),
    )  # fmt: skip
    return {
        name: {"features": m.features, "weights": m.weights, "bias": m.bias, "least": m.least,
               "near": m.near, "alone": m.alone, "tuned": how}
        for name, (m, how) in (("facts", of_facts), ("slots", of_slots))
    }  # fmt: skip


def control(feature: str, every: Sequence[Known]) -> PairModel:
    """One similarity alone with both of its thresholds tuned."""
    model = by_one(feature)
    for name, goal in (
        ("least", grouping_goal(every)),
        ("near", outlets_goal(every)),
        ("alone", exclusives_goal(every)),
    ):
        held = {one.story.story_id: model for one in every}
        value = best_of(LEAST, lambda x, n=name, g=goal, h=held: g(_with(h, n, x)))
        model = replace(model, **{name: value})
    return model


def of_facts(tuning: Sequence[Known], unseen: Sequence[Known]) -> dict[str, Any]:
    model = shipped("facts", facts.FEATURES)
    controls = {name: control(name, tuning) for name in ("vectors", "words")}
    controls["every sentence alone"] = replace(by_one("words"), least=1.01)
    controls["without asides"] = replace(model, near=1.0, alone=1.0)
    return {
        "unseen": fact_score(unseen, with_model(model)),
        "tuning": fact_score(tuning, with_model(model)),
        "controls_unseen": {n: fact_score(unseen, with_model(c)) for n, c in controls.items()},
    }


def of_state(tuning: Sequence[Known], unseen: Sequence[Known]) -> dict[str, Any]:
    model = shipped("slots", timeline.FEATURES)
    head = best_of(LEAST, lambda x: float(state_score(tuning, by_head(x), newest)["latest_right"]))
    times = [state_score(unseen, shuffled(model, seed), newest) for seed in range(SHUFFLES)]
    names = ("latest_right", "stale", "wrong", "missing")
    return {
        "unseen": state_score(unseen, of_model(model), newest),
        "tuning": state_score(tuning, of_model(model), newest),
        "controls_unseen": {
            "times shuffled": {n: round(fmean(t[n] for t in times), 4) for n in names},
            "most frequent value": state_score(unseen, of_model(model), most_frequent),
            "slots by the memory's relation head": state_score(unseen, by_head(head), newest),
        },
        "made_up_reports": {
            f"{updates} updates{', reworded' if reworded else ''}": made_up(
                updates, reworded=reworded
            )
            for updates in UPDATES
            for reworded in (False, True)
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="fit and write the shipped models")
    parser.add_argument("--tuning-only", action="store_true", help="print, of tuning stories only")
    args = parser.parse_args()
    every = known()
    tuning = [one for one in every if tuned_on(one.story.story_id)]
    unseen = [one for one in every if not tuned_on(one.story.story_id)]
    if args.tune:
        SHIPPED.write_text(json.dumps(tuned(tuning), indent=1) + "\n", encoding="utf-8")
    if args.tuning_only:
        model, slots = shipped("facts", facts.FEATURES), shipped("slots", timeline.FEATURES)
        scores = {
            "models": json.loads(SHIPPED.read_text(encoding="utf-8")),
            "facts": fact_score(tuning, with_model(model)),
            "state": state_score(tuning, of_model(slots), newest),
        }
        print(json.dumps(scores, indent=1))
        return
    report: dict[str, Any] = {
        "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
        "versions": {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "torch")}
        | {"python": platform.python_version(), "encoder": encoder.version()},
        "methods": [facts.METHOD, timeline.METHOD],
        "tuned_on": sorted(one.story.story_id for one in tuning),
        "reported_on": sorted(one.story.story_id for one in unseen),
        "models": json.loads(SHIPPED.read_text(encoding="utf-8")),
        "facts": of_facts(tuning, unseen),
        "state": of_state(tuning, unseen),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "state.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: report[k] for k in ("models", "facts", "state")}, indent=1))


if __name__ == "__main__":
    main()
