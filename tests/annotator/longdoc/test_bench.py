"""Protocols and simulated agents: costs counted on the bus, accuracy beside the closed forms."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotator.longdoc import router
from annotator.longdoc.bench import monoids, sim
from annotator.longdoc.bench.agents import Hit
from annotator.longdoc.bench.backends import save
from annotator.longdoc.bench.problems import TASKS, FactProblem, StateProblem, make
from annotator.longdoc.bench.report import Check
from annotator.longdoc.bench.run import Setting, equal_tokens, product, run, shortcut_accuracy
from annotator.longdoc.bench.sim import Errors
from annotator.longdoc.bench.stats import slope, wilson
from annotator.longdoc.bench.suite import simulated
from annotator.longdoc.bench.team import pieces, stands
from annotator.longdoc.bus import Limits
from newsroom.errors import BadRequest, Refused

EXACT = simulated(sim.NONE)
BASE = Setting(task="parity", protocol="tree", n=64, agents=8, trials=20)


@pytest.mark.parametrize("monoid", [
    monoids.parity(), monoids.arrangements(even=False), monoids.arrangements(even=True),
    monoids.last_named(("A", "B", "C")),
], ids=lambda m: m.name)  # fmt: skip
def test_monoids(monoid) -> None:
    rng = random.Random(1)
    elements = list(range(monoid.size))
    for _ in range(300):
        a, b, c = (rng.choice(elements) for _ in range(3))
        assert monoid.combine(monoid.combine(a, b), c) == monoid.combine(a, monoid.combine(b, c))
        assert monoid.combine(0, a) == monoid.combine(a, 0) == a
        assert monoid.hear(monoid.say(a)) == a
        assert monoid.wrong(a, rng) != a
    assert monoid.hear("nonsense") is None
    cancels = all(len({monoid.combine(a, b) for a in elements}) == monoid.size for b in elements)
    assert monoid.is_group == cancels


def test_the_tally_counts_both_sides() -> None:
    tally = monoids.tally()
    assert (
        tally.say(tally.product([tally.hear("1 0"), tally.hear("0 1"), tally.hear("1 0")])) == "2 1"
    )
    assert tally.hear("1 2 3") is None


@pytest.mark.parametrize("task", TASKS)
def test_problems_repeat_have_their_size_and_a_gold_answer(task) -> None:
    problem = make(task, 60, 4, "7 1")
    assert make.__wrapped__(task, 60, 4, "7 1") == problem
    assert len(problem.items) == 60
    if isinstance(problem, FactProblem):
        assert len(problem.facts) == (7 if task == "recall" else 60)
        for query, (at, value) in problem.facts.items():
            assert query.entity in problem.items[at]
            assert value in problem.items[at]
    else:
        assert isinstance(problem, StateProblem)
        assert problem.gold == problem.monoid.product(problem.elements)


@pytest.mark.parametrize("n", [100, 630, 800, 1000])
def test_any_number_of_facts_and_hops_can_be_had(n: int) -> None:
    problem = make("khop", n, 30, "0")
    assert len(set(problem.facts)) == n
    assert len(problem.relations) == 30


def test_too_few_facts_for_the_hops_is_said() -> None:
    with pytest.raises(BadRequest) as error:
        make("khop", 3, 4, "0")
    assert error.value.code == "bench-size"


@pytest.mark.parametrize(
    ("task", "protocol"),
    [(t, p) for t in ("parity", "perm", "perm-even", "tally") for p in
     ("single", "vote", "star", "chain", "tree", "scan")]
    + [("speaker", p) for p in ("single", "vote", "chain", "scan")]
    + [("recall", p) for p in ("single", "vote", "star", "iterq")]
    + [("khop", p) for p in ("single", "vote", "iterq")]
    + [("newshop", p) for p in ("single", "vote", "iterq")],
)  # fmt: skip
@pytest.mark.parametrize("agents", [1, 3, 8])
def test_without_errors_every_protocol_is_right(task, protocol, agents) -> None:
    row = run(replace(BASE, task=task, protocol=protocol, agents=agents, trials=4), EXACT)
    assert row.accuracy == 1.0


@pytest.mark.parametrize(
    ("task", "protocol"),
    [("khop", "star"), ("khop", "tree"), ("recall", "scan"), ("parity", "iterq"), ("speaker", "tree")],
)  # fmt: skip
def test_a_protocol_that_cannot_do_a_task_says_so(task, protocol) -> None:
    with pytest.raises(BadRequest) as error:
        run(replace(BASE, task=task, protocol=protocol), EXACT)
    assert error.value.code == "bench-protocol"


@pytest.mark.parametrize("agents", [1, 2, 5, 16])
@pytest.mark.parametrize("branching", [2, 3])
def test_messages_of_reduce_and_scan(agents: int, branching: int) -> None:
    shape = replace(BASE, agents=agents, branching=branching, trials=2)
    assert run(shape, EXACT).costs["messages"] == agents - 1
    assert run(replace(shape, protocol="scan"), EXACT).costs["messages"] == 2 * (agents - 1)
    assert run(replace(shape, protocol="chain"), EXACT).costs["messages"] == agents - 1


def test_a_tree_is_as_deep_as_its_levels_and_a_chain_as_long_as_its_text() -> None:
    costs = {p: run(replace(BASE, protocol=p), EXACT).costs for p in ("tree", "chain", "scan")}
    assert {p: c["rounds_used"] for p, c in costs.items()} == {"tree": 3, "chain": 7, "scan": 6}
    assert {p: c["depth_tokens"] for p, c in costs.items()} == {"tree": 8, "chain": 64, "scan": 8}
    assert costs["tree"]["completion_tokens"] == costs["chain"]["completion_tokens"] == 64


@pytest.mark.parametrize(
    ("bits", "rounds", "depth", "expected"),
    [(None, None, 1, [7]), (3, None, 1, [3, 3, 1]), (3, 2, 1, [3, 3]), (7, 1, 1, [7]),
     (1, 4, 2, [1, 1]), (8, None, 3, [7])],
)  # fmt: skip
def test_an_element_is_cut_into_pieces(bits, rounds, depth, expected) -> None:
    assert pieces(Limits(bits=bits, rounds=rounds), 7, depth) == expected


@pytest.mark.parametrize(("bits", "rounds"), [(1, 3), (3, 1), (2, 2), (4, 1), (3, 2)])
def test_two_to_the_b_of_all_elements_get_through(bits: int, rounds: int) -> None:
    """Every element of S5 once, instead of draws: exactly 2^B of 120."""
    import random as stdlib

    from annotator.longdoc.bench.sim import Sim
    from annotator.longdoc.bench.team import StateWire, Team
    from annotator.longdoc.bus import Bus

    problem = make("perm", 4, 1, "0")
    right = 0
    for element in range(120):
        team = Team(
            agent=Sim(errors=sim.NONE, seed="0"), bus=Bus(limits=Limits(bits=bits, rounds=rounds)),
            votes=1, merge_by="code", check=True, rng=stdlib.Random(0),
        )  # fmt: skip
        right += StateWire(team, problem, depth=1).carry(0, 1, "up0", element) == element
        assert all(m.payload_bits <= bits for m in team.bus.messages)
    assert right == 2 ** (bits * rounds)


def test_recall_beside_its_closed_form() -> None:
    errors = Errors(invention_rate=0.05, check_miss_rate=0.2)
    setting = Setting(task="recall", protocol="star", n=64, agents=16, trials=600)
    for check in (True, False):
        row = run(replace(setting, check=check), simulated(errors))
        closed = sim.recall_accuracy(errors, 64, 16, check=check)
        assert row.low <= closed <= row.high


def test_trees_of_groups_beside_their_closed_form() -> None:
    errors = Errors(eps0=0.004, eps_merge=0.02)
    for task, size in (("parity", 2), ("perm-even", 60)):
        setting = replace(BASE, task=task, merge="llm", trials=500)
        row = run(setting, simulated(errors))
        closed = sim.tree_accuracy(errors, size, 64, 8, 2)
        assert row.low <= closed <= row.high


def test_votes_that_make_the_same_errors_gain_nothing() -> None:
    errors = Errors(eps0=0.01, correlation=1.0)
    one = run(replace(BASE, protocol="single"), simulated(errors))
    many = run(replace(BASE, protocol="vote", votes=9), simulated(errors))
    assert many.accuracy == one.accuracy
    free = run(replace(BASE, protocol="vote", votes=9), simulated(replace(errors, correlation=0.0)))
    assert free.accuracy != one.accuracy


def test_the_check_wants_the_words_and_the_value_in_them() -> None:
    problem = make("recall", 20, 1, "0")
    (at, value) = problem.facts[next(iter(problem.facts))]
    quote = problem.items[at]
    assert stands(Hit(value=value, quote=quote), problem, range(20))
    assert not stands(Hit(value=value, quote=quote.replace("code", "cipher")), problem, range(20))
    assert not stands(Hit(value=value, quote=quote), problem, range(at))


def test_voting_is_paid_with_the_same_tokens() -> None:
    one = run(replace(BASE, protocol="single", agents=1), EXACT)
    tree = run(replace(BASE, votes=5), EXACT)
    voters = equal_tokens(tree, one)
    assert voters.votes % 2 == 1
    assert run(voters, EXACT).costs["tokens"] >= tree.costs["tokens"]


def test_the_shortcut_is_reported_and_no_better_than_its_odds() -> None:
    setting = Setting(task="khop", protocol="iterq", n=200, hops=4, trials=200)
    assert 0.02 < shortcut_accuracy(setting) < 0.3


def test_a_grid_shows_every_cell_once() -> None:
    cells = product(["parity"], ["single", "tree"], [8, 16], [1, 2], [None], [None], [1, 3], BASE)
    assert len(cells) == len(set(cells)) == 2 + 8


def test_rows_as_parquet_and_json(tmp_path: Path) -> None:
    rows = [run(replace(BASE, bandwidth=b), EXACT).flat() for b in (None, 1)]
    save(rows, tmp_path / "rows.parquet")
    save(rows, tmp_path / "rows.json")
    assert pq.read_table(tmp_path / "rows.parquet").to_pylist() == rows
    assert json.loads((tmp_path / "rows.json").read_text()) == rows
    with pytest.raises(BadRequest):
        save(rows, tmp_path / "rows.xls")


def test_wilson_and_slopes() -> None:
    low, high = wilson(0.5, 100)
    assert (round(low, 4), round(high, 4)) == (0.4038, 0.5962)
    assert wilson(0.0, 20)[0] == 0.0
    assert slope([1, 2, 4], [8, 4, 2]) == pytest.approx(-1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_has_failed(value: float) -> None:
    assert not Check(name="x", value=value, comparison=">=", target=0.0).passed
    assert not Check(name="x", value=value, comparison="<=", target=0.0).passed


@pytest.mark.parametrize(
    ("regime", "length", "strategy"),
    [("state", 32, "single"), ("state", 33, "scan"), ("recall", 33, "star"), ("sum", 33, "tree"),
     ("hops", 33, "iterq")],
)  # fmt: skip
def test_routes(regime, length, strategy) -> None:
    assert router.route(regime, length, 64, hops=4).strategy == strategy


def test_five_hops_are_refused() -> None:
    with pytest.raises(Refused) as error:
        router.route("hops", 1000, 64, hops=5)
    assert error.value.code == "too-many-hops"
