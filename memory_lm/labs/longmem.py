"""LONGMEM in miniature: facts that left the window are read from a scoped memory bank.

After Wang et al. 2023 (arXiv 2306.07174) at small size. The memory is read by the product's
:class:`memory_lm.reader.MemoryReader`; its one normalisation is compared with LONGMEM's gate. What
differs to make it small: keys and values are projected when read, the loss is on attributes only,
the backbone trains on segments rich in repeats, and one head of its first layer reads one token
back, as a short convolution would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from memory_lm.labs.longmem_models import (
    CHUNK,
    FACTOR,
    RETRIEVED,
    Arm,
    Decoder,
    SideNet,
    adapt,
    induction_mass,
    pretrain,
    rows_of,
    score,
)
from memory_lm.labs.longmem_tasks import World
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

    from memory_lm.labs.longmem_tasks import Documents

CODE = (
    *MIXERS_CODE,
    "memory_lm.reader",
    "memory_lm.labs.longmem_models",
    "memory_lm.labs.longmem_tasks",
    "memory_lm.labs.training",
)
CHANGE = 0.3
CURVE_STEPS = 25
JOINT, GATE, LLA = "one normalisation", "two softmaxes, gate", "one normalisation, LLA"
PLAIN, RECENCY, SUPERSESSION = "plain", "recency bias", "supersession, true links"
WRONG, SHARED = "wrong layer", "bank shared by the batch"
SHARED_MOST = 0.2  # of 16 banks one is right, and the lab does not say which
TEST_SEED, LANE_SEED, CHANGE_SEED = 1_000_003, 2_000_003, 3_000_017


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run. Batches are of lanes; a batch gives one step for each later segment."""

    entities: int
    segments: int
    width: int
    backbone_steps: int
    backbone_rate: float
    batches: int
    shared_batches: int
    changed_batches: int
    test: int
    recall_least: float
    off_most: float
    drop_most: float
    layers: int = 4
    heads: int = 2
    lanes: int = 16
    rate: float = 3e-3


FULL = Plan(
    entities=48, segments=8, width=64, backbone_steps=400, backbone_rate=4e-3,
    batches=50, shared_batches=12, changed_batches=60, test=96,
    recall_least=0.95, off_most=0.05, drop_most=0.01,
)  # fmt: skip
QUICK = Plan(
    entities=24, segments=4, width=64, backbone_steps=220, backbone_rate=5e-3,
    batches=25, shared_batches=0, changed_batches=0, test=48,
    recall_least=0.85, off_most=0.12, drop_most=0.1,
)  # fmt: skip


def run(settings: LabSettings) -> Report:
    """All arms and controls; about 20 s of processor time with ``quick``, else a few minutes."""
    clock, plan = Clock(), QUICK if settings.quick else FULL
    seed = settings.seed
    world = World(entities=plan.entities, attributes=plan.entities, segments=plan.segments)
    alone = replace(world, segments=1, cross_share=0.0, in_share=0.65)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        backbone = Decoder(world.vocabulary, width=plan.width, layers=plan.layers, heads=plan.heads)
        pretrain(
            backbone, alone.documents(plan.backbone_steps * plan.lanes, seed),
            steps=plan.backbone_steps, batch=plan.lanes, rate=plan.backbone_rate,
            say=settings.say,
        )  # fmt: skip
        bench = Bench(plan=plan, seed=seed, world=world, backbone=backbone, say=settings.say)
        test = world.documents(plan.test, TEST_SEED + seed)
        mass = induction_mass(backbone, test)
        right, wrong = _aligned(mass.mean(1).tolist())
        base = score(backbone, None, test, lanes=plan.lanes)
        rows: list[Row] = [{"arm": "backbone only", "layer": None, "gate": None, **base}]
        checks = _fixed(bench, test, right, wrong, base["in"], rows)
        if plan.changed_batches:
            checks += _changed(bench, right, rows)
    probe: list[Row] = [
        {"layer": layer, "head": head, "mass": float(mass[layer, head])}
        for layer in range(plan.layers)
        for head in range(plan.heads)
    ]
    return finish(
        clock, settings, lab="longmem", seeds=[seed],
        config=asdict(plan)
        | {"chunk": CHUNK, "retrieved": RETRIEVED, "change": CHANGE, "memory_layer": right},
        checks=checks, tables={"arms": rows, "layer probe": probe, "recall by step": bench.curve},
        code=CODE,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every arm shares; ``curve`` collects recall while training."""

    plan: Plan
    seed: int
    world: World
    backbone: Decoder
    say: Callable[[str], None]
    curve: list[Row] = field(default_factory=list)

    def train(
        self, arms: Sequence[Arm], batches: int, test: Documents, *, change: float = 0.0
    ) -> dict[str, SideNet]:
        """Side networks after the same ordered lanes."""
        plan, nets = self.plan, {arm.name: SideNet(self.backbone, arm) for arm in arms}
        steps = batches * (plan.segments - 1)
        glance = rows_of(test, 0, plan.lanes)

        def each(step: int) -> None:
            self.say(f"{', '.join(nets)}: step {step} of {steps}")
            if step % CURVE_STEPS and step != steps:
                return
            for name, net in nets.items():
                seen = score(self.backbone, net, glance, lanes=plan.lanes)
                self.curve.append({"arm": name, "step": step, **seen})

        seed = (CHANGE_SEED if change else LANE_SEED) + self.seed
        lanes = self.world.documents(batches * plan.lanes, seed, change=change)
        adapt(self.backbone, nets, lanes, lanes=plan.lanes, rate=plan.rate, each=each)
        return nets

    def tell(
        self, rows: list[Row], net: SideNet, test: Documents, *, memory: bool = True
    ) -> dict[str, float]:
        """Score a network and add its row."""
        seen = score(self.backbone, net, test, lanes=self.plan.lanes, memory=memory)
        arm = net.arm
        gate = float(net.reader.gate.detach().sigmoid().mean()) if arm.fusion == "gate" else None
        name = arm.name if memory else f"{arm.name}, memory off"
        rows.append({"arm": name, "layer": arm.layer, "gate": gate, **seen})
        return seen


def _fixed(
    bench: Bench, test: Documents, right: int, wrong: int, base_in: float, rows: list[Row]
) -> list[Check]:
    """Facts that never change: recall with memory, without, from elsewhere and from others."""
    plan = bench.plan
    arms = [Arm(name=JOINT, layer=right), Arm(name=WRONG, layer=wrong)]
    if plan.shared_batches:
        arms += [
            Arm(name=GATE, layer=right, fusion="gate"),
            Arm(name=LLA, layer=right, mixer="lla"),
        ]
    nets = bench.train(arms, plan.batches, test)
    found = {name: bench.tell(rows, net, test) for name, net in nets.items()}
    off = bench.tell(rows, nets[JOINT], test, memory=False)
    checks = [
        Check(
            name="cross-segment recall", value=found[JOINT]["cross"],
            comparison=">=", target=plan.recall_least,
        ),
        Check(
            name="in-segment drop against the backbone", value=base_in - found[JOINT]["in"],
            comparison="<=", target=plan.drop_most,
        ),
        _control("memory off", off["cross"], plan.off_most),
        _control(WRONG, found[WRONG]["cross"], plan.off_most),
    ]  # fmt: skip
    if plan.shared_batches:
        shared = Arm(name=SHARED, layer=right, scope="batch")
        nets = bench.train([shared], plan.shared_batches, test)
        told = bench.tell(rows, nets[SHARED], test)
        checks.append(_control(SHARED, told["cross"], SHARED_MOST))
    return checks


def _changed(bench: Bench, right: int, rows: list[Row]) -> list[Check]:
    """Facts that change: reported side by side; supersession must do better than plain reading."""
    plan = bench.plan
    test = bench.world.documents(plan.test, TEST_SEED + bench.seed, change=CHANGE)
    arms = [
        Arm(name=PLAIN, layer=right),
        Arm(name=RECENCY, layer=right, recency=True),
        Arm(name=SUPERSESSION, layer=right, supersession=True),
    ]
    nets = bench.train(arms, plan.changed_batches, test, change=CHANGE)
    found = {name: bench.tell(rows, net, test)["cross"] for name, net in nets.items()}
    return [
        Check(
            name="changing facts: recall with supersession", value=found[SUPERSESSION],
            comparison=">=", target=plan.recall_least,
        ),
        Check(
            name="changing facts: supersession over plain",
            value=found[SUPERSESSION] - found[PLAIN], comparison=">", target=0.0,
        ),
    ]  # fmt: skip


def _control(name: str, value: float, most: float) -> Check:
    return Check(name=name, value=value, comparison="<=", target=most, is_control=True)


def _aligned(mass: Sequence[float]) -> tuple[int, int]:
    """Of the layers that a side layer starts from, those with most and least induction."""
    layers = sorted(range(FACTOR - 1, len(mass), FACTOR), key=mass.__getitem__)
    return layers[-1], layers[0]


def figure(report: Report) -> Figure:
    """Where induction lives, recall while training, and recall where facts change."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawn, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.5), layout="constrained")
    probe = report.tables["layer probe"]
    left.scatter([number(r, "layer") for r in probe], [number(r, "mass") for r in probe])
    left.set(title="Layer probe", xlabel="backbone layer", ylabel="induction mass of a head")
    left.xaxis.get_major_locator().set_params(integer=True)
    changing = {PLAIN, RECENCY, SUPERSESSION}
    _curves(middle, report, lambda name: name not in changing)
    middle.set(title="Facts never change", ylabel="cross-segment recall")
    _curves(right, report, changing.__contains__)
    right.set(title=f"{CHANGE:.0%} of returns change the fact")
    for axis in (left, middle, right):
        axis.grid(axis="y", alpha=0.3)
        axis.set_ylim(-0.02, 1.02)
    return drawn


def _curves(axis: Axes, report: Report, wanted: Callable[[str], bool]) -> None:
    curve = report.tables["recall by step"]
    for name in dict.fromkeys(str(row["arm"]) for row in curve):
        if wanted(name):
            own = [row for row in curve if row["arm"] == name]
            steps, recall = ([number(r, key) for r in own] for key in ("step", "cross"))
            axis.plot(steps, recall, marker="o", markersize=3, label=name)
    axis.set_xlabel("step")
    if axis.lines:
        axis.legend(frameon=False, fontsize=9)
