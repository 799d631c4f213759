"""What the recall lab trains: parts, tasks and trials of the full and of the quick run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from memory_lm.labs.recall_models import Arm, Training
from memory_lm.labs.recall_tasks import Copy, Recall, Task

DEPTH, CONV, MIXED, UPDATED, RATES, UNCONVOLVED, COPIED = (
    "attention by depth", "short convolution", "mixers", "newest wins", "learning rates",
    "scan without convolution", "copying",
)  # fmt: skip
ROTARY, ORDERLESS = "two layers, rotary positions", "one layer, no positions"
COPIER = Arm(mixer="softmax", layers=2, conv="", positions="rotary")


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
    """Every finding: some seven minutes of one core."""
    swept = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
    return Plan(
        trials=(
            *(
                Trial(
                    part=DEPTH, name=f"two layers at {rate:g}",
                    arm=Arm(mixer="softmax", layers=2, conv="", positions="learned"),
                    task=SHORT, training=Training(steps=2000, rate=rate),
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
