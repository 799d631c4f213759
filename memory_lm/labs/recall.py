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
from typing import TYPE_CHECKING, Literal

from memory_lm.labs.recall_models import EVALUATION_SEED, SCAN_STATES, Arm, Training, measure, train
from memory_lm.labs.recall_tasks import Copy, Recall, Task
from memory_lm.labs.report import Check, Clock, LabSettings, Report, Row, Value, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CODE = (
    "kernels.mixers",
    "kernels.local_linear_attention.cpu",
    "kernels.local_linear_attention.interface",
    "kernels.local_linear_attention.spans",
    "memory_lm.hebbian",
    "memory_lm.selective_scan",
    "memory_lm.labs.recall_models",
    "memory_lm.labs.recall_tasks",
)
DEPTH, CONV, MIXED, UPDATED, RATES, UNCONVOLVED, COPIED = (
    "attention by depth", "short convolution", "mixers", "newest wins", "learning rates",
    "scan without convolution", "copying",
)  # fmt: skip
ROTARY, ORDERLESS = "two layers, rotary positions", "one layer, no positions"
COPIER = Arm(mixer="softmax", layers=2, conv="", positions="rotary")
SOLVES = 0.9  # of the answers, for a learning rate to count as good
LUCK = 1.5  # times 1/pairs: a model that knows the values shown and not whose they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One arm to train, under the part of the lab and the name that its rows carry."""

    part: str
    name: str
    arm: Arm
    task: Task
    training: Training


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run trains; ``seeds`` of each trial, ``evaluated`` sequences never trained on."""

    trials: tuple[Trial, ...]
    seeds: int = 1
    evaluated: int = 600


LONG = Recall()
SHORT = Recall(vocabulary=128, length=32, pairs=4)
# What a selective scan of 32 channels learns within seconds: the learning rates are swept on it.
TINY = Recall(vocabulary=32, length=16, pairs=2)
FORGETTING = Recall(vocabulary=256, length=96, pairs=8, updates=16)


def full_plan() -> Plan:
    """Every finding: some six minutes of one core."""
    swept = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
    return Plan(
        trials=(
            *(
                Trial(
                    part=DEPTH, name=f"two layers at {rate:g}",
                    arm=Arm(mixer="softmax", layers=2, conv="", positions="learned"),
                    task=SHORT, training=Training(steps=1200, rate=rate),
                )
                for rate in (1e-3, 3e-3, 1e-2)
            ),
            *(
                Trial(
                    part=DEPTH, name=f"one layer, width {width}",
                    arm=Arm(mixer="softmax", conv="", width=width, positions="learned"),
                    task=SHORT, training=Training(steps=300),
                )
                for width in (32, 128)
            ),
            *(
                Trial(
                    part=CONV, name=conv or "none", arm=Arm(mixer="softmax", conv=conv),
                    task=LONG, training=Training(steps=250),
                )
                for conv in ("", "q", "v", "k", "qkv")
            ),
            *(
                Trial(
                    part=MIXED, name=mixer, arm=Arm(mixer=mixer),
                    task=LONG, training=Training(steps=steps, rate=rate),
                )
                for mixer, steps, rate in (
                    ("lla", 150, 3e-3), ("linear", 400, 3e-3), ("delta", 250, 3e-3),
                    ("hebbian", 300, 1e-2),
                )
            ),
            *(
                Trial(
                    part=UPDATED, name=mixer, arm=Arm(mixer=mixer, positions=positions),
                    task=FORGETTING, training=Training(steps=steps, rate=rate),
                )
                for mixer, positions, steps, rate in (
                    ("softmax", "learned", 500, 3e-3), ("lla", "learned", 200, 1e-2),
                    ("linear", "learned", 400, 3e-3), ("delta", "none", 400, 3e-3),
                )
            ),
            *(
                Trial(
                    part=RATES, name=mixer, arm=Arm(mixer=mixer, width=32),
                    task=TINY, training=Training(steps=600, rate=rate),
                )
                for mixer in ("softmax", "delta", "scan")
                for rate in swept
            ),
            Trial(
                part=UNCONVOLVED, name="scan", arm=Arm(mixer="scan", conv="", width=32),
                task=TINY, training=Training(steps=600, rate=1e-2),
            ),
            *(
                Trial(
                    part=COPIED, name=name, arm=arm,
                    task=Copy(), training=Training(steps=steps, solved=0.999),
                )
                for name, arm, steps in (
                    (ROTARY, COPIER, 1500),
                    ("two layers, no positions", replace(COPIER, positions="none"), 600),
                    (ORDERLESS, replace(COPIER, positions="none", layers=1), 300),
                )
            ),
        ),
    )  # fmt: skip


def quick_plan() -> Plan:
    """Recall, updates and copying in small; no sweep and no scan, which takes longer to learn."""
    few = Recall(vocabulary=64, length=32, pairs=3, updates=3)
    return Plan(
        trials=(
            *(
                Trial(
                    part=CONV, name=conv or "none", arm=Arm(mixer="softmax", conv=conv, width=32),
                    task=SHORT, training=Training(steps=200, rate=1e-2),
                )
                for conv in ("", "q", "k", "qkv")
            ),
            *(
                Trial(
                    part=MIXED, name=mixer, arm=Arm(mixer=mixer, width=32),
                    task=task, training=Training(steps=200, rate=1e-2),
                )
                for mixer, task in (("lla", SHORT), ("delta", SHORT), ("hebbian", TINY))
            ),
            Trial(
                part=UPDATED, name="delta", arm=Arm(mixer="delta", width=32),
                task=few, training=Training(steps=300, rate=1e-2),
            ),
            *(
                Trial(
                    part=COPIED, name=name, arm=arm,
                    task=Copy(letters=10, shortest=3, longest=5), training=Training(steps=400),
                )
                for name, arm in (
                    (ROTARY, COPIER), (ORDERLESS, replace(COPIER, positions="none", layers=1)),
                )
            ),
        ),
        evaluated=300,
    )  # fmt: skip


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
        return [_number(row, key) for row in rows]

    def one(self, part: str, name: str, key: str = "accuracy") -> float:
        """The mean over the seeds of the trial of exactly this name."""
        rows = [row for row in self.rows if row["part"] == part and row["name"] == name]
        return fmean(_number(row, key) for row in rows)

    def good_rates(self, mixer: str) -> float:
        """How many rates of the sweep solve the task (with more seeds: the mean number)."""
        seeds = len({row["seed"] for row in self.rows})
        return sum(share >= SOLVES for share in self.each(RATES, mixer)) / seeds

    def rate_count(self, mixer: str) -> int:
        """How many rates were tried."""
        return len(
            {row["rate"] for row in self.rows if row["part"] == RATES and row["name"] == mixer}
        )


def _number(row: Row, key: str) -> float:
    value = row[key]
    assert isinstance(value, int | float)
    return float(value)


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
        _number(row, "shuffled") / _number(row, "luck")
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


COLOURS = {  # Okabe and Ito's palette, told apart by any eye
    "softmax": "#0072B2",
    "lla": "#D55E00",
    "linear": "#CC79A7",
    "delta": "#009E73",
    "hebbian": "#E69F00",
    "scan": "#56B4E9",
}
MARKERS = {"softmax": "s", "delta": "^", "scan": "o"}


def figure(report: Report) -> Figure:
    """Four panels: convolution and depth, mixers, learning rates, copying by length."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13, 7.5), layout="constrained")
    (conv, mixers), (rates, copies) = drawn.subplots(2, 2)
    rows = {part: report.tables.get(part, ()) for part in (DEPTH, CONV, MIXED, UPDATED, RATES)}
    bars = [(f"conv on {r['name']}", _number(r, "accuracy"), "softmax") for r in rows[CONV]]
    bars += [(str(r["name"]), _number(r, "accuracy"), "softmax") for r in rows[DEPTH]]
    _bars(conv, bars)
    conv.set_title("Attention: short convolution (one layer) and depth (none)")
    bars = [("softmax", _number(r, "accuracy"), "softmax") for r in rows[CONV] if r["name"] == "k"]
    bars += [(str(r["name"]), _number(r, "accuracy"), str(r["name"])) for r in rows[MIXED]]
    bars += [
        (f"{r['name']}, updates", _number(r, "accuracy"), str(r["name"])) for r in rows[UPDATED]
    ]
    _bars(mixers, bars)
    mixers.set_title("One layer with conv on k: recall, then newest of updates")
    for name, marker in MARKERS.items():
        points = sorted(
            (_number(r, "rate"), _number(r, "accuracy")) for r in rows[RATES] if r["name"] == name
        )
        if points:
            rates.plot(*zip(*points, strict=True), color=COLOURS[name], marker=marker, label=name)
    rates.set(
        title="Learning rate, one layer with conv, two pairs", xscale="log", xlabel="learning rate"
    )
    rates.set(ylabel="answers right", ylim=(-0.02, 1.05))
    copied = report.tables["copied by length"]
    styles = dict(
        zip(dict.fromkeys(str(r["name"]) for r in copied), ("-o", "--s", ":^"), strict=False)
    )
    for name, style in styles.items():
        points = [
            (_number(r, "letters"), _number(r, "strings")) for r in copied if r["name"] == name
        ]
        copies.plot(*zip(*points, strict=True), style, color=COLOURS["softmax"], label=name)
    copies.set(title="Copying, attention without conv", xlabel="letters", ylim=(-0.02, 1.05))
    copies.set_ylabel("whole strings right")
    copies.xaxis.get_major_locator().set_params(integer=True)
    if not rows[RATES]:
        rates.text(0.5, 0.5, "swept in the full run only", transform=rates.transAxes, ha="center")
    for axis in (rates, copies):
        if axis.lines:
            axis.legend(frameon=False)
        axis.grid(alpha=0.3)
    return drawn


def _bars(axis: Axes, bars: Sequence[tuple[str, float, str]]) -> None:
    names = [name for name, _, _ in bars]
    at = range(len(bars))
    axis.barh(at, [share for _, share, _ in bars], color=[COLOURS[key] for _, _, key in bars])
    axis.set_yticks(at, names)
    axis.invert_yaxis()
    axis.set(xlim=(0, 1.1), xlabel="answers right")
    axis.grid(axis="x", alpha=0.3)
    for i, (_, share, _) in enumerate(bars):
        axis.text(share + 0.01, i, f"{share:.2f}", va="center", fontsize=8)
