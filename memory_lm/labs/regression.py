"""Local Linear Attention against softmax, linear and delta: regression and state tracking.

The synthetic tasks of arXiv 2510.01450 at a size for one CPU core:

- test-time regression: no training, each method fits what came before in a piecewise-linear
  sequence; settings by grid on other seeds than those reported;
- in-context regression: a small trained model on the same kind of sequence;
- state tracking: a small trained model follows swaps of places. The paper finds LLA on par with
  softmax there (both of constant depth), so parity is the expectation, not a lead.

Controls: values shuffled within their segment, instructions shuffled in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from kernels.local_linear_attention import lla
from kernels.mixers import delta, linear, softmax
from memory_lm.labs.regression_models import Regression, Tracking, compare
from memory_lm.labs.regression_tasks import OFFSET, normalised_error, piecewise, settled
from memory_lm.labs.report import (
    MIXERS_CODE,
    Check,
    Clock,
    LabSettings,
    Report,
    Row,
    finish,
    number,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CODE = (
    *MIXERS_CODE,
    "memory_lm.labs.regression_models",
    "memory_lm.labs.regression_tasks",
    "memory_lm.labs.training",
)
TUNING_SEED = 1_000_003
# Shuffled values leave a segment's mean to find and no slope; 0.05 is for finite samples.
SHUFFLED_FLOOR = 1 / (1 + OFFSET**2) - 0.05
FIT, LEARN, TRACK = "test-time regression", "in-context regression", "state tracking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Sizes of the three parts. ``widths`` maps key width to keys in a segment."""

    seeds: int = 3
    keys: int = 512
    widths: tuple[tuple[int, int], ...] = ((8, 64), (16, 128), (32, 128))
    sequences: int = 4
    regression: Regression
    tracking: Tracking
    rates: tuple[float, ...] = (1e-2, 3e-3)
    evaluated: int = 512


FULL = Config(regression=Regression(), tracking=Tracking())
QUICK = Config(
    seeds=1,
    keys=256,
    widths=((16, 128),),
    regression=replace(FULL.regression, segments=3, steps=150),
    tracking=replace(FULL.tracking, places=3, swaps=4, width=16, batch=32, steps=100),
    rates=(1e-2,),
    evaluated=256,
)


def run(settings: LabSettings) -> Report:
    """All three parts with their controls."""
    clock = Clock()
    config = QUICK if settings.quick else FULL
    seeds = range(settings.seed, settings.seed + config.seeds)
    fitted = _fit_at_test_time(config, seeds, settings.say)
    learned, by_pairs = compare(
        config.regression,
        rates=config.rates,
        seeds=seeds,
        evaluated=config.evaluated,
        better=min,
        say=settings.say,
    )
    tracked, by_swaps = compare(
        config.tracking,
        rates=config.rates,
        seeds=seeds,
        evaluated=config.evaluated,
        better=max,
        say=settings.say,
    )
    return finish(
        clock,
        settings,
        lab="regression",
        seeds=seeds,
        config=asdict(config),
        checks=[
            *_fit_checks(fitted),
            *_learn_checks(learned, quick=settings.quick),
            *_track_checks(tracked, quick=settings.quick),
        ],
        tables={
            FIT: fitted,
            LEARN: learned,
            TRACK: tracked,
            f"{LEARN} by pairs seen": _long(by_pairs, first=0),
            f"{TRACK} by swaps": _long(by_swaps, first=1),
        },
        code=CODE,
    )


Method = Callable[[Tensor, Tensor, Tensor], Tensor]


def methods() -> dict[str, dict[str, Method]]:
    """Each training-free method at each point of its grid: (q, k, v) to o; keys of unit length."""
    scales, ridges = (4.0, 8.0, 16.0), (1e-3, 1e-2, 1e-1)

    def lla_at(scale: float, lam: float) -> Method:
        return lambda q, k, v: lla(q, k, v, lam, scale=scale)

    def softmax_at(scale: float) -> Method:
        return lambda q, k, v: softmax(q, k, v, 1.0, scale=scale)

    def delta_at(lam: float) -> Method:
        return lambda q, k, v: delta(q, k, v, lam)

    def linear_at(gain: float) -> Method:
        return lambda q, k, v: linear(q * gain, k * gain, v, 1.0)

    return {
        "lla": {f"scale {s:g}, ridge {r:g}": lla_at(s, r) for s in scales for r in ridges[:2]},
        "softmax": {f"scale {s:g}": softmax_at(s) for s in scales},
        "linear": {f"gain {g:g}": linear_at(g) for g in (1.0, 4.0, 16.0)},
        "delta": {f"ridge {r:g}": delta_at(r) for r in (1e-2, 1e-1, 1.0)},
        # Without a score every key weighs the same: one affine ridge fit to all that came before.
        "ridge": {f"ridge {r:g}": lla_at(0.0, r) for r in ridges},
    }


def fit_error(
    method: Method,
    seed: int,
    *,
    sequences: int,
    segments: int,
    segment_keys: int,
    width: int,
    shuffled: bool = False,
) -> float:
    """Each row is predicted from the pairs before it; squared error over variance where settled."""
    keys, values = piecewise(
        torch.Generator().manual_seed(seed),
        batch=sequences,
        segments=segments,
        segment_keys=segment_keys,
        width=width,
        values=width,
        shuffled=shuffled,
    )
    guess = method(keys[:, 1:, None], keys[:, :-1, None], values[:, :-1, None])[:, :, 0]
    return normalised_error(guess, values[:, 1:], settled(segments, segment_keys)[1:])


def _fit_at_test_time(
    config: Config, seeds: Sequence[int], say: Callable[[str], None]
) -> list[Row]:
    rows: list[Row] = []
    for width, segment_keys in config.widths:
        error = partial(
            fit_error,
            sequences=config.sequences,
            segments=config.keys // segment_keys,
            segment_keys=segment_keys,
            width=width,
        )
        for name, grid in methods().items():
            say(f"{FIT}, d = {width}, {name}")
            tuned = {error(method, TUNING_SEED): at for at, method in grid.items()}
            chosen = tuned[min(tuned)]
            errors = [error(grid[chosen], seed) for seed in seeds]
            shuffled = [error(grid[chosen], seed, shuffled=True) for seed in seeds]
            rows.append(
                {
                    "width": width,
                    "method": name,
                    "error": fmean(errors),
                    "lowest": min(errors),
                    "highest": max(errors),
                    "shuffled": fmean(shuffled),
                    "chosen": chosen,
                }
            )
    return rows


def _fit_checks(rows: Sequence[Row]) -> list[Check]:
    """LLA against the bound for its width and against the best of the others; shuffled at 1."""
    # Measured 0.12, 0.026 and 0.039 by an independent implementation on a task of this kind.
    bounds = {8: 0.2, 16: 0.05, 32: 0.07}
    checks = []
    for width in dict.fromkeys(number(row, "width") for row in rows):
        here = {str(row["method"]): row for row in rows if row["width"] == width}
        error = {name: number(row, "error") for name, row in here.items()}
        others = min(value for name, value in error.items() if name != "lla")
        at = f"{FIT}, d = {width:g}"
        checks += [
            Check(
                name=f"{at}: lla", value=error["lla"], comparison="<=", target=bounds[int(width)]
            ),
            Check(
                name=f"{at}: lla / best other",
                value=error["lla"] / others,
                comparison="<=",
                target=0.35,
            ),
            Check(name=f"{at}: softmax", value=error["softmax"], comparison=">=", target=0.5),
            Check(
                name=f"{at}: best of all with values shuffled",
                value=min(number(row, "shuffled") for row in here.values()),
                comparison=">=",
                target=SHUFFLED_FLOOR,
                is_control=True,
            ),
        ]
    return checks


def _learn_checks(rows: Sequence[Row], *, quick: bool) -> list[Check]:
    """LLA ahead of every other mixer; without a relation to learn, its lead is gone."""
    error = _by_mixer(rows, "score")
    others = min(value for name, value in error.items() if name != "lla")
    return [
        Check(
            name=f"{LEARN}: lla",
            value=error["lla"],
            comparison="<=",
            target=0.65 if quick else 0.45,
        ),
        Check(
            name=f"{LEARN}: lla / best other",
            value=error["lla"] / others,
            comparison="<=",
            target=0.8,
        ),
        Check(
            name=f"{LEARN}: best of all with values shuffled",
            value=min(_by_mixer(rows, "shuffled").values()),
            comparison=">=",
            target=SHUFFLED_FLOOR,
            is_control=True,
        ),
    ]


def _track_checks(rows: Sequence[Row], *, quick: bool) -> list[Check]:
    """LLA no worse than softmax, which is all the paper claims here; chance once shuffled."""
    accuracy = _by_mixer(rows, "score")
    return [
        Check(
            name=f"{TRACK}: lla",
            value=accuracy["lla"],
            comparison=">=",
            target=0.6 if quick else 0.25,
        ),
        Check(
            name=f"{TRACK}: lla - softmax",
            value=accuracy["lla"] - accuracy["softmax"],
            comparison=">=",
            target=-0.05,
        ),
        Check(
            name=f"{TRACK}: best of all with instructions shuffled",
            value=max(_by_mixer(rows, "shuffled").values()),
            comparison="<=",
            # With three places the number of swaps alone narrows the state to three of six.
            target=0.5 if quick else 0.15,
            is_control=True,
        ),
    ]


def _by_mixer(rows: Sequence[Row], key: str) -> dict[str, float]:
    """Mean over the seeds."""
    return {
        str(name): fmean(number(row, key) for row in rows if row["mixer"] == name)
        for name in dict.fromkeys(row["mixer"] for row in rows)
    }


def _long(curves: Mapping[str, Sequence[float]], *, first: int) -> list[Row]:
    return [
        {"mixer": mixer, "x": first + i, "y": value}
        for mixer, curve in curves.items()
        for i, value in enumerate(curve)
    ]


COLOURS = {  # Okabe and Ito's palette, told apart by any eye
    "lla": "#D55E00",
    "softmax": "#0072B2",
    "linear": "#CC79A7",
    "delta": "#009E73",
    "ridge": "#999999",
}
MARKERS = {"lla": "o", "softmax": "s", "linear": "D", "delta": "^"}


def figure(report: Report) -> Figure:
    """Three panels, one for each task."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(13, 4), layout="constrained")
    left, middle, right = drawn.subplots(1, 3)
    _bars(left, report.tables[FIT])
    left.set(title="Test-time regression, no training", xlabel="key width")
    left.set_ylabel("squared error / variance")
    left.set_ylim(0, 1.2)  # room for the legend
    _lines(middle, report.tables[f"{LEARN} by pairs seen"])
    middle.set(title="In-context regression, trained", ylabel="squared error / variance")
    middle.set_xlabel("pairs seen in the segment")
    _lines(right, report.tables[f"{TRACK} by swaps"])
    right.set(title="State tracking, trained", xlabel="swaps", ylabel="whole state right")
    right.set_ylim(-0.02, 1.02)
    for axis in (left, middle, right):
        axis.grid(axis="y", alpha=0.3)
        axis.legend(frameon=False, fontsize=9, ncols=3 if axis is left else 1)
    for axis in (middle, right):
        axis.xaxis.get_major_locator().set_params(integer=True)
    return drawn


def _bars(axis: Axes, rows: Sequence[Row]) -> None:
    widths = list(dict.fromkeys(row["width"] for row in rows))
    names = list(dict.fromkeys(str(row["method"]) for row in rows))
    for i, name in enumerate(names):
        errors = [number(row, "error") for row in rows if row["method"] == name]
        at = [j + (i - len(names) / 2 + 0.5) * 0.16 for j in range(len(widths))]
        axis.bar(at, errors, width=0.15, color=COLOURS[name], label=name)
    axis.set_xticks(range(len(widths)), [str(width) for width in widths])


def _lines(axis: Axes, rows: Sequence[Row]) -> None:
    for name, marker in MARKERS.items():
        xs, ys = ([number(r, key) for r in rows if r["mixer"] == name] for key in ("x", "y"))
        if xs:
            axis.plot(xs, ys, color=COLOURS[name], marker=marker, markersize=4, label=name)
