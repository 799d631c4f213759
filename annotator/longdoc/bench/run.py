"""Settings, trials and what is counted. Every setting asked for is run and shown: no best-of."""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Literal

from annotator.longdoc import trees
from annotator.longdoc.bench.agents import Agent
from annotator.longdoc.bench.problems import Problem, StateProblem, Task, make
from annotator.longdoc.bench.protocols import PROTOCOLS
from annotator.longdoc.bench.stats import wilson
from annotator.longdoc.bench.team import Answer, Merge, Team
from annotator.longdoc.bus import Bus, Limits, Totals
from newsroom.errors import BadRequest

Backend = Callable[[str], Agent]  # agents of the trial of that name
Unit = Literal["bits", "tokens"]
COSTS = (*Totals.__dataclass_fields__, "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One cell of the grid. ``agents`` read; ``bandwidth`` a message in ``unit``; None: no limit.

    With the protocol ``vote``, ``votes`` readers read everything; with others every call at
    a node takes that many votes.
    """

    task: Task
    protocol: str
    n: int
    agents: int = 1
    hops: int = 4
    bandwidth: int | None = None
    unit: Unit = "bits"
    rounds: int | None = None
    enforced: bool = True
    merge: Merge = "code"
    votes: int = 1
    branching: int = 2
    check: bool = True
    trials: int = 200
    seed: int = 0

    def limits(self) -> Limits:
        """What the bus holds every message to."""
        return Limits(
            bits=self.bandwidth if self.unit == "bits" else None,
            tokens=self.bandwidth if self.unit == "tokens" else None,
            rounds=self.rounds,
            enforced=self.enforced,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A setting with its result: accuracy with its 95 % Wilson interval, costs as means a trial.

    A trial that scores several sentences counts as one: sentences of one text are no independent
    draws. ``unanswered`` is the share of trials without an answer, which count as wrong.
    """

    setting: Setting
    accuracy: float
    low: float
    high: float
    unanswered: float
    costs: dict[str, float]
    wall_s: float

    def flat(self) -> dict[str, object]:
        """One level, for tables."""
        tree = asdict(self.setting) | self.costs
        return tree | {
            "accuracy": round(self.accuracy, 5), "low": round(self.low, 5),
            "high": round(self.high, 5), "unanswered": round(self.unanswered, 5),
            "wall_s": round(self.wall_s, 3),
        }  # fmt: skip


def run(setting: Setting, backend: Backend, each: trees.Each = trees.one_by_one) -> Row:
    """All trials of one setting."""
    if setting.protocol not in PROTOCOLS:
        raise BadRequest(
            "bench-protocol", f"no protocol {setting.protocol!r}: {', '.join(PROTOCOLS)}"
        )
    if not 1 <= setting.agents <= setting.n:
        raise BadRequest("bench-size", "agents: at least one, at most one an item", field="agents")
    started = time.perf_counter()
    done = [_trial(setting, backend, each, i) for i in range(setting.trials)]
    scores = [score for score, _, _ in done]
    accuracy = fmean(scores)
    low, high = wilson(accuracy, setting.trials)
    totals = [t for _, _, t in done]
    costs = {name: fmean(getattr(t, name) for t in totals) for name in COSTS}
    return Row(
        setting=setting,
        accuracy=accuracy,
        low=low,
        high=high,
        unanswered=fmean(not answered for _, answered, _ in done),
        costs={name: round(mean, 3) for name, mean in costs.items()},
        wall_s=time.perf_counter() - started,
    )


def _trial(
    setting: Setting, backend: Backend, each: trees.Each, number: int
) -> tuple[float, bool, Totals]:
    # The problem does not depend on the protocol: all protocols meet the same problems.
    name = f"{setting.seed} {number}"
    problem = make(setting.task, setting.n, setting.hops, name)
    bus = Bus(limits=setting.limits())
    team = Team(
        agent=backend(name),
        bus=bus,
        votes=setting.votes,
        merge_by=setting.merge,
        check=setting.check,
        rng=random.Random(f"draws {name}"),  # noqa: S311
        each=each,
    )
    answer = PROTOCOLS[setting.protocol](team, problem, setting.agents, setting.branching)
    return score(problem, answer), answer is not None, bus.totals()


def score(problem: Problem, answer: Answer) -> float:
    """1 for right; the share of right states where several are asked."""
    if not isinstance(problem, StateProblem) or problem.scored is None:
        return float(answer == problem.gold)
    if not isinstance(answer, tuple):
        return 0.0
    states = list(itertools.accumulate(problem.elements, problem.monoid.combine))
    right = [states[i] == a for i, a in zip(problem.scored, answer, strict=True)]
    return fmean(right)


def shortcut_accuracy(setting: Setting) -> float:
    """What a guess among all ends of the last relation gets on the same problems."""
    right = []
    for number in range(setting.trials):
        problem = make(setting.task, setting.n, setting.hops, f"{setting.seed} {number}")
        assert not isinstance(problem, StateProblem)
        rng = random.Random(f"shortcut {number}")  # noqa: S311
        right.append(problem.shortcut(rng) == problem.gold)
    return fmean(right)


def equal_tokens(row: Row, one: Row) -> Setting:
    """Majority voting by so many full-input readers (odd) that they use at least the tokens of a
    protocol: the comparison never favours the protocol.

    ``one`` is a single reader on the same problems.
    """
    votes = math.ceil(row.costs["tokens"] / one.costs["tokens"])
    return replace(one.setting, protocol="vote", votes=votes + (votes + 1) % 2)


def grid(settings: Iterable[Setting]) -> list[Setting]:
    """Settings without repetitions, in order."""
    return list(dict.fromkeys(settings))


def product(
    tasks: Sequence[Task],
    protocols: Sequence[str],
    sizes: Sequence[int],
    agents: Sequence[int],
    bandwidths: Sequence[int | None],
    rounds: Sequence[int | None],
    votes: Sequence[int],
    common: Setting,
) -> list[Setting]:
    """Every combination; a single reader and voters are one agent, whatever was asked."""
    cells = itertools.product(tasks, protocols, sizes, agents, bandwidths, rounds, votes)
    return grid(
        replace(
            common,
            task=task,
            protocol=protocol,
            n=n,
            agents=1 if protocol in {"single", "vote"} else w,
            bandwidth=b,
            rounds=r,
            votes=1 if protocol == "single" else v,
        )
        for task, protocol, n, w, b, r, v in cells
    )
