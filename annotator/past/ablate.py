"""Does memory help a label? The arms, the readers and the fusions, on splits that it could fail.

Protocol ``outlets``: five publisher folds, the outlets judged were never trained on. Protocol
``outlets and time``: the same folds, trained on what is older than a day, judged on what is a week
younger and later. Seeds are averaged; intervals are paired bootstraps over the events that the
project's own pointer made (the corpus has no true ones), for lean over outlets as well.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annotator.heads.evaluate import calibration_error
from annotator.heads.features import softmax
from annotator.past import arms, paired
from annotator.past.networks import RECIPE, Corpora, trained
from memory_lm.batches import ABSENT, Neighbours, predict, states
from memory_lm.side import QUERIES, Shape
from memory_lm.train import Recipe, on_one_core

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from annotator.past.arms import ArmName
    from memory_lm.reader import Fusion, ReaderName
    from memory_lm.side import SideNetwork

Protocol = Literal["outlets", "outlets and time"]
FOLDS = 5
GAP_DAYS = 7
# Three quarters of the dated articles are older.
SPLIT = np.datetime64("2018-07-01").astype("datetime64[D]").astype(np.int64)
MEASURED = ("lean", "topic", "news_type")
NO_MEMORY: tuple[ArmName, ...] = ("M0", "M1")
NOT_MEASURABLE = {
    "tone": "rated passages are of no date and no event: nothing came before them",
    "M8": "the dated corpus has no true events to link by",
}
PROBED_OUTLETS, PROBED_EACH = 40, 60


@dataclass(frozen=True, slots=True)
class Variant:
    """How memory is read, and the arms it is judged in."""

    reader: ReaderName
    fusion: Fusion
    arms: tuple[ArmName, ...]


SHIPPED = Variant("lla", "joint", tuple(arms.ARMS))
VARIANTS = (
    SHIPPED,
    *(
        Variant(reader, fusion, ("M0", "M3", "M5"))
        for reader in ("lla", "softmax", "linear")
        for fusion in ("joint", "gate")
        if (reader, fusion) != ("lla", "joint")
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is trained."""

    recipe: Recipe
    seeds: Mapping[Protocol, int]
    variants: Sequence[Variant] = VARIANTS
    variants_in: Protocol = "outlets"
    variants_folds: int = 1
    resamples: int = paired.RESAMPLES


@dataclass(frozen=True, slots=True)
class Job:
    """One network to train: its split, how it reads, its seed."""

    protocol: Protocol
    variant: Variant
    seed: int
    fold: int


FULL = Plan(recipe=RECIPE, seeds={"outlets": 1, "outlets and time": 1})

_shared: Corpora | None = None


def jobs(plan: Plan) -> Iterator[Job]:
    """Every network of the plan, the slowest kind first."""
    for protocol, seeds in plan.seeds.items():
        for variant in plan.variants:
            if variant != SHIPPED and protocol != plan.variants_in:
                continue
            whole = variant == SHIPPED
            for seed in range(seeds if whole else 1):
                folds = range(FOLDS if whole else plan.variants_folds)
                yield from (Job(protocol, variant, seed, fold) for fold in folds)


def split(data: Corpora, job: Job) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on and to judge. What is no article has no day and is always trained on."""
    train, test = data.fold != job.fold, data.judged & (data.fold == job.fold)
    if job.protocol == "outlets and time":
        day = data.past.day
        train = train & (~data.is_article | ((day != ABSENT) & (day < SPLIT)))
        test = test & (day >= SPLIT + GAP_DAYS)
    return np.flatnonzero(train), np.flatnonzero(test)


def ablate(data: Corpora, plan: Plan, done: Callable[[int, int], object]) -> dict[str, Any]:
    """Train all networks, two at a time, and judge every arm. ``done`` is told how many of all."""
    global _shared  # noqa: PLW0603  # forked workers see it without a copy
    _shared = data
    wanted = list(jobs(plan))
    started = time.monotonic()
    answers = []
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=on_one_core) as pool:
        for answer in pool.map(_run, wanted, [plan.recipe] * len(wanted)):
            answers.append(answer)
            done(len(answers), len(wanted))
    told = list(zip(wanted, answers, strict=True))
    # The readers are compared on the same folds and seed.
    compared = [(j, a) for j, a in told if j.fold < plan.variants_folds and j.seed == 0]
    by_protocol = {protocol: _judge(data, told, protocol, SHIPPED, plan) for protocol in plan.seeds}
    return {
        "protocols": by_protocol,
        "variants": [
            {"reader": v.reader, "fusion": v.fusion}
            | _judge(data, compared, plan.variants_in, v, plan)
            for v in plan.variants
        ],
        "gates": gates(by_protocol),
        "not_measurable": NOT_MEASURABLE,
        "outlet_probe": {
            arm: round(float(np.mean([a.probe[arm] for _, a in told if arm in a.probe])), 4)
            for arm in ("M0", "M5", "chance")
        },
        "seconds": {
            f"{v.reader}, {v.fusion}": round(
                float(np.nanmean([a.cpu_s for j, a in told if j.variant == v])), 1
            )
            for v in plan.variants
        },
        "read_ms": {
            f"{v.reader}, {v.fusion}": round(
                float(np.mean([a.read_ms for j, a in told if j.variant == v])), 2
            )
            for v in plan.variants
        },
        "networks": len(wanted),
        "wall_s": round(time.monotonic() - started),
        "recipe": asdict(plan.recipe),
        "resamples": plan.resamples,
        "folds_compared": plan.variants_folds,
    }


def gates(by_protocol: Mapping[Any, Any]) -> dict[str, bool]:
    """Labels whose memory is worth reading: every interval of M5 less the best control is above 0.

    A label that was not measured stays shut.
    """
    return {
        label: bool(by_protocol)
        and all(
            label in found["labels"]
            and all(gain["low"] > 0 for gain in found["labels"][label]["gain"].values())
            for found in by_protocol.values()
        )
        for label in QUERIES
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    outputs: dict[str, dict[str, NDArray[np.float32]]]
    rows: NDArray[np.int64]
    probe: dict[str, float]
    cpu_s: float
    read_ms: float


def _run(job: Job, recipe: Recipe) -> _Answer:
    data = _shared
    assert data is not None
    train, test = split(data, job)
    shape = Shape(outputs=data.outputs, reader=job.variant.reader, fusion=job.variant.fusion)
    seeded = Recipe(**{**asdict(recipe), "seed": recipe.seed + job.seed})
    network, cpu_s = trained(data, train, shape, seeded)
    outputs: dict[str, dict[str, NDArray[np.float32]]] = {}
    read_ms = 0.0
    for arm in job.variant.arms:
        near = _given(data, arm, job.seed)
        began = time.process_time()
        terms = None if near is None else arms.TERMS[arm]
        found = predict(network, data.corpus, test, near, terms)
        if arm == "M5":
            read_ms = 1000 * (time.process_time() - began) / max(len(test), 1)
        outputs[arm] = {label: found[label] for label in MEASURED}
    probe = _probe(data, network, job) if job.variant == SHIPPED and job.seed == 0 else {}
    return _Answer(outputs=outputs, rows=test, probe=probe, cpu_s=cpu_s, read_ms=read_ms)


def _given(data: Corpora, arm: ArmName, seed: int) -> Neighbours | None:
    if arm == "M0":
        return None
    if arm in ("M1", "M2"):
        return arms.random_chunks(
            data.near, data.past, data.shelf, data.outlet, latest=arm == "M2", seed=seed
        )
    return data.near


def _probe(data: Corpora, network: SideNetwork, job: Job) -> dict[str, float]:
    """Accuracy of telling the outlet from the state of the lean query, on outlets of the fold."""
    from sklearn.linear_model import LogisticRegression

    rows = np.flatnonzero(data.judged & (data.fold == job.fold))
    names, counts = np.unique(data.outlet[rows], return_counts=True)
    kept = names[np.argsort(-counts, kind="stable")[:PROBED_OUTLETS]]
    rng = np.random.default_rng(job.fold)
    rows = np.concatenate(
        [rng.permutation(rows[data.outlet[rows] == name])[:PROBED_EACH] for name in kept]
    )
    rows = rng.permutation(rows)
    half, found = len(rows) // 2, {}
    outlets = data.outlet[rows]
    for arm in ("M0", "M5"):
        near = None if arm == "M0" else data.near
        read = states(network, data.corpus, rows, near)[:, QUERIES.index("lean")]
        model = LogisticRegression(max_iter=500).fit(read[:half], outlets[:half])
        found[arm] = float((model.predict(read[half:]) == outlets[half:]).mean())
    _, often = np.unique(outlets[half:], return_counts=True)
    return found | {"chance": float(often.max() / often.sum())}


def _judge(
    data: Corpora, told: Sequence[tuple[Job, _Answer]], protocol: str, variant: Variant, plan: Plan
) -> dict[str, Any]:
    mine = [(j, a) for j, a in told if j.protocol == protocol and j.variant == variant]
    seeds = sorted({job.seed for job, _ in mine})
    found: dict[str, Any] = {"seeds": len(seeds), "labels": {}}
    p: dict[str, float] = {}
    for label in MEASURED:
        rows, logits = _gathered(data, mine, seeds, label, variant.arms)
        if not len(rows):
            continue
        truth = data.targets.classes[label][rows]
        clusters = {"events": np.unique(data.past.event[rows], return_inverse=True)[1]}
        if label == "lean":
            clusters["outlets"] = np.unique(data.outlet[rows], return_inverse=True)[1]
        told_label: dict[str, Any] = {"articles": len(rows), "gain": {}}
        for unit, cluster in clusters.items():
            judged = paired.Judged(
                truth=truth, clusters=cluster, classes=data.outputs[label],
                guesses={arm: [z.argmax(1) for z in each] for arm, each in logits.items()},
            )  # fmt: skip
            draws = judged.draws(seed=0, resamples=plan.resamples)
            if unit == "events":
                told_label |= {
                    "events": int(cluster.max()) + 1,
                    "macro_f1": {arm: round(judged.score(arm), 4) for arm in logits},
                    "ece": {
                        arm: round(
                            float(np.mean([calibration_error(softmax(z), truth) for z in each])), 4
                        )
                        for arm, each in logits.items()
                    },
                }
            controls = [arm for arm in NO_MEMORY if arm in logits]
            won = paired.gain(judged, draws, "M5", controls)
            told_label["gain"][unit] = {k: round(v, 4) for k, v in asdict(won).items()}
            p[f"{label}, {unit}"] = won.p
        found["labels"][label] = told_label
    found["p_holm"] = {name: round(value, 4) for name, value in paired.holm(p).items()}
    return found


def _gathered(
    data: Corpora, mine: Sequence[tuple[Job, _Answer]], seeds: Sequence[int], label: str,
    names: Sequence[str],
) -> tuple[NDArray[np.int64], dict[str, list[NDArray[np.float32]]]]:  # fmt: skip
    """Labelled rows of all folds, and the logits [n, k] of each arm for each seed."""
    logits: dict[str, list[NDArray[np.float32]]] = {arm: [] for arm in names}
    kept = np.zeros(0, np.int64)
    for seed in seeds:
        folds = sorted(((j.fold, a) for j, a in mine if j.seed == seed), key=lambda x: x[0])
        rows = np.concatenate([answer.rows for _, answer in folds])
        known = data.targets.classes[label][rows] != ABSENT
        kept = rows[known]
        for arm in names:
            whole = np.concatenate([answer.outputs[arm][label] for _, answer in folds])
            logits[arm].append(whole[known])
    return kept, logits
