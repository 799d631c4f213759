"""Associative recall: which mixers recall, what a short convolution does, how rates matter.

Findings F1 to F5 and F7 of the recall studies (Arora et al. 2024, zoology; Okpekpe and Orvieto
2025) at a size for one CPU core, with updates (newest must win) and copying. A finding that does
not hold at this size is a missed check with its number.

Controls: one layer without convolution, convolution on the queries, answers shuffled among keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Literal

from memory_lm.labs.recall_figure import figure
from memory_lm.labs.recall_models import EVALUATION_SEED, SCAN_STATES, measure, train
from memory_lm.labs.recall_plans import (
    CONV,
    COPIED,
    DEPTH,
    LONG,
    MIXED,
    ORDERLESS,
    RATES,
    ROTARY,
    SHORT,
    TINY,
    UNCONVOLVED,
    UPDATED,
    Plan,
    Trial,
    full_plan,
    quick_plan,
)
from memory_lm.labs.recall_tasks import Copy, Task
from memory_lm.labs.report import (
    MIXERS_CODE,
    Check,
    Clock,
    LabSettings,
    Report,
    Row,
    Value,
    finish,
    number,
)

__all__ = ["figure", "run"]

CODE = (
    *MIXERS_CODE,
    "memory_lm.hebbian",
    "memory_lm.selective_scan",
    "memory_lm.labs.recall_models",
    "memory_lm.labs.recall_plans",
    "memory_lm.labs.recall_tasks",
    "memory_lm.labs.training",
)
SOLVES = 0.9  # of the answers, for a learning rate to count as good
LUCK = 1.5  # times 1/pairs: a model that knows the values shown and not whose they are


def run(settings: LabSettings) -> Report:
    """All trials and controls."""
    clock = Clock()
    plan = quick_plan() if settings.quick else full_plan()
    seeds = range(settings.seed, settings.seed + plan.seeds)
    curves: list[Row] = []
    lengths: list[Row] = []
    rows = [
        _row(plan, trial, seed, settings.say, curves, lengths)
        for trial in plan.trials
        for seed in seeds
    ]
    found = Found(rows)
    checks = quick_checks(found) if settings.quick else full_checks(found)
    tables = {part: [row for row in rows if row["part"] == part] for part in _parts(rows)}
    return finish(
        clock,
        settings,
        lab="recall",
        seeds=seeds,
        config=asdict(plan) | {"scan states": SCAN_STATES},
        checks=checks,
        tables=tables | {"curves": curves, "copied by length": lengths},
        code=CODE,
    )


def _row(
    plan: Plan,
    trial: Trial,
    seed: int,
    say: Callable[[str], None],
    curves: list[Row],
    lengths: list[Row],
) -> Row:
    """Train and measure one trial; ``curves`` and ``lengths`` get its points."""

    def progress(text: str) -> None:
        say(f"{trial.part}, {trial.name}, {text}")

    done = train(trial.arm, trial.task, trial.training, seed, say=progress)
    fresh, count = EVALUATION_SEED + seed, plan.evaluated
    right = measure(done.model, trial.task, fresh, count)
    broken = measure(done.model, trial.task, fresh, count, shuffled=True)
    at: dict[str, Value] = {
        "part": trial.part,
        "name": trial.name,
        "rate": trial.training.rate,
        "seed": seed,
    }
    curves += [at | {"step": step, "accuracy": share} for step, share in done.curve]
    if isinstance(trial.task, Copy):
        for letters in range(trial.task.shortest, trial.task.longest + 1):
            task = replace(trial.task, shortest=letters, longest=letters)
            by_length = measure(done.model, task, fresh, count)
            lengths.append(
                at | {"letters": letters, "strings": by_length.whole, "each": by_length.accuracy}
            )
    return at | {
        "luck": _luck(trial.task),
        "accuracy": right.accuracy,
        "whole": right.whole,
        "stale": right.stale,
        "shuffled": broken.accuracy,
        "steps": done.steps,
        "cpu_s": done.cpu_s,
    }


def _luck(task: Task) -> float:
    """Right answers of a model that knows which tokens may be asked and not which is whose."""
    return 1 / task.letters if isinstance(task, Copy) else 1 / task.pairs


def _parts(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(str(row["part"]) for row in rows))


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a run, asked for numbers."""

    rows: Sequence[Row]

    def each(self, part: str, name: str = "", key: str = "accuracy") -> list[float]:
        """One number for each row of a part whose name starts with ``name``."""
        rows = [
            row for row in self.rows if row["part"] == part and str(row["name"]).startswith(name)
        ]
        return [number(row, key) for row in rows]

    def one(self, part: str, name: str, key: str = "accuracy") -> float:
        """The mean over the seeds of the trial of exactly this name."""
        rows = [row for row in self.rows if row["part"] == part and row["name"] == name]
        return fmean(number(row, key) for row in rows)

    def good_rates(self, mixer: str) -> float:
        """How many rates of the sweep solve the task (with more seeds: the mean number)."""
        seeds = len({row["seed"] for row in self.rows})
        return sum(share >= SOLVES for share in self.each(RATES, mixer)) / seeds

    def rate_count(self, mixer: str) -> int:
        """How many rates were tried."""
        return len(
            {row["rate"] for row in self.rows if row["part"] == RATES and row["name"] == mixer}
        )


def _check(
    name: str,
    value: float,
    comparison: Literal[">=", "<=", ">", "<"],
    target: float,
    *,
    control: bool = False,
) -> Check:
    return Check(name=name, value=value, comparison=comparison, target=target, is_control=control)


def full_checks(found: Found) -> list[Check]:
    """The findings by their number, then the rest of the suite, then what must fail."""
    lucky = LUCK / LONG.pairs
    deep, rates = found.each(DEPTH, "two layers"), found.rate_count("softmax")
    good = {mixer: found.good_rates(mixer) for mixer in ("softmax", "delta", "scan")}
    scan = max(found.each(RATES, "scan"))
    return [
        _check("F1 attention, two layers, best rate", max(deep), ">=", 0.99),
        _check(
            "F1 attention, two layers: share of rates that solve",
            sum(share >= SOLVES for share in deep) / len(deep), ">=", 1.0,
        ),
        _check(
            "F2 attention, one layer, best width",
            max(found.each(DEPTH, "one layer")), "<=", LUCK / SHORT.pairs,
        ),
        _check("F3 one layer, conv on k", found.one(CONV, "k"), ">=", 0.99),
        _check("F3 one layer, conv on q, k and v", found.one(CONV, "qkv"), ">=", 0.99),
        _check("F3' one layer, causal conv on v", found.one(CONV, "v"), "<=", lucky),
        _check("F4 scan, best rate", scan, ">=", SOLVES),
        _check(
            "F4 rates that solve, scan / attention",
            good["scan"] / max(good["softmax"], 1), "<=", 0.5,
        ),
        _check("F5 scan, one layer with conv, best rate", scan, ">=", 0.99),
        _check(
            "F5 scan, one layer without conv", max(found.each(UNCONVOLVED)),
            "<=", LUCK / TINY.pairs,
        ),
        _check(
            "F7 share of rates that solve, delta - attention",
            (good["delta"] - good["softmax"]) / rates, ">=", -0.1,
        ),
        _check("recall, lla", found.one(MIXED, "lla"), ">=", 0.99),
        _check("recall, delta", found.one(MIXED, "delta"), ">=", 0.99),
        _check("recall, hebbian", found.one(MIXED, "hebbian"), ">=", SOLVES),
        _check(
            "recall, linear - softmax", found.one(MIXED, "linear") - found.one(CONV, "k"), "<", 0.0
        ),
        _check("newest wins, softmax", found.one(UPDATED, "softmax"), ">=", 0.99),
        _check("newest wins, delta", found.one(UPDATED, "delta"), ">=", 0.99),
        _check(
            "newest wins, linear - softmax",
            found.one(UPDATED, "linear") - found.one(UPDATED, "softmax"), "<", 0.0,
        ),
        _check("copying, whole strings", found.one(COPIED, ROTARY, "whole"), ">=", 0.95),
        _check("one layer without conv", found.one(CONV, "none"), "<=", lucky, control=True),
        _check("one layer, conv on q", found.one(CONV, "q"), "<=", 0.2, control=True),
        *_broken(found, strings=0.05),
    ]  # fmt: skip


def quick_checks(found: Found) -> list[Check]:
    """Floors for the small plan; the rates are not swept there."""
    lucky = LUCK / SHORT.pairs
    return [
        _check("F3 one layer, conv on k", found.one(CONV, "k"), ">=", 0.97),
        _check("F3 one layer, conv on q, k and v", found.one(CONV, "qkv"), ">=", 0.97),
        _check("recall, lla", found.one(MIXED, "lla"), ">=", 0.97),
        _check("recall, delta", found.one(MIXED, "delta"), ">=", 0.97),
        _check("newest wins, delta", found.one(UPDATED, "delta"), ">=", 0.95),
        _check("copying, whole strings", found.one(COPIED, ROTARY, "whole"), ">=", 0.5),
        _check("F2 one layer without conv", found.one(CONV, "none"), "<=", lucky, control=True),
        _check("one layer, conv on q", found.one(CONV, "q"), "<=", lucky, control=True),
        *_broken(found, strings=0.15),
    ]


def _broken(found: Found, *, strings: float) -> list[Check]:
    """Answers shuffled among the keys leave luck; who sees no order cannot copy."""
    over = [
        number(row, "shuffled") / number(row, "luck")
        for row in found.rows
        if row["part"] in {CONV, MIXED, UPDATED}
    ]
    return [
        _check("answers shuffled among keys, best / luck", max(over), "<=", LUCK, control=True),
        _check(
            "copying without order, whole strings",
            found.one(COPIED, ORDERLESS, "whole"), "<=", strings, control=True,
        ),
    ]  # fmt: skip
