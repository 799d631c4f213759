"""How agents work together. Each protocol is a function of team, problem, agents and branching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from annotator.longdoc import trees
from annotator.longdoc.bench.agents import Reading
from annotator.longdoc.bench.problems import FactProblem, Problem, Query, StateProblem
from annotator.longdoc.bench.team import Answer, Protocol, StateWire, Team
from annotator.longdoc.bus import Payload
from newsroom.errors import BadRequest


def chunks(n: int, agents: int) -> list[range]:
    """Items of each agent, as equal as can be."""
    edges = [n * i // agents for i in range(agents + 1)]
    return [range(a, b) for a, b in pairwise(edges)]


def single(team: Team, problem: Problem, agents: int, branching: int) -> Answer:
    """One reader of everything. With votes on the team this is majority voting."""
    del agents, branching
    everything = range(len(problem.items))
    if isinstance(problem, StateProblem):
        read = team.read(0, problem, everything)
        return None if read is None else _answer(problem, [read], [0])
    if len(problem.relations) == 1:
        query = Query(problem.start, problem.relations[0])
        hit = team.find(0, problem, everything, query, parent=None)
        return None if hit is None else hit.value
    return team.chase(0, problem)


def star(team: Team, problem: Problem, agents: int, branching: int) -> Answer:
    """Workers read apart and report to a manager, who merges once. Where the state after each
    item is asked, the workers keep their answers: map-reduce without communication.
    """
    del branching
    parts = chunks(len(problem.items), agents)
    if isinstance(problem, FactProblem):
        if len(problem.relations) > 1:
            raise BadRequest("bench-protocol", "a star makes one hop: use iterq", field="protocol")
        return _ask_all(team, problem, parts, Query(problem.start, problem.relations[0]))
    leaves = _leaves(team, problem, parts)
    if problem.scored is not None:
        return _answer(problem, leaves, [0] * agents)
    wire = StateWire(team, problem, depth=1)
    arrived = [wire.carry(i, agents, "report", leaf.total) for i, leaf in enumerate(leaves)]
    return team.merge(agents, problem, [0 if a is None else a for a in arrived])


def chain(team: Team, problem: Problem, agents: int, branching: int) -> Answer:
    """Each agent reads on from the state that the one before it sends."""
    del branching
    problem = _state(problem, "chain")
    wire = StateWire(team, problem, depth=agents - 1)
    state, readings = 0, []
    for i, part in enumerate(chunks(len(problem.items), agents)):
        if i:
            arrived = wire.carry(i - 1, i, "state", state)
            state = 0 if arrived is None else arrived
        read = team.read(i, problem, part, state) or _nothing(problem, part, state)
        state = read.total
        readings.append(read)
    return _answer(problem, readings, [0] * agents)


def tree(team: Team, problem: Problem, agents: int, branching: int) -> Answer:
    """Chunks read side by side, products merged level by level."""
    problem = _state(problem, "tree")
    if problem.scored is not None:
        raise BadRequest("bench-protocol", "a tree knows only the end: use scan", field="protocol")
    leaves = _leaves(team, problem, chunks(len(problem.items), agents))
    wire = StateWire(team, problem, depth=len(trees.levels(agents, branching)))
    total, _ = trees.reduce(wire, [x.total for x in leaves], branching, team.each)
    return total


def scan(team: Team, problem: Problem, agents: int, branching: int) -> Answer:
    """As the tree, and down again: every agent learns what came before its chunk."""
    problem = _state(problem, "scan")
    leaves = _leaves(team, problem, chunks(len(problem.items), agents))
    wire = StateWire(team, problem, depth=2 * len(trees.levels(agents, branching)))
    total, before = trees.scan(wire, [x.total for x in leaves], branching, team.each)
    return total if problem.scored is None else _answer(problem, leaves, before)


def iterq(team: Team, problem: Problem, agents: int, branching: int) -> Answer:
    """A manager plans one query after another from what was answered; workers look it up."""
    del branching
    if not isinstance(problem, FactProblem):
        raise BadRequest("bench-protocol", "iterq looks facts up: use scan", field="protocol")
    parts = chunks(len(problem.items), agents)
    known: list[str] = []
    while len(known) < len(problem.relations):
        query = team.plan(agents, problem, known)
        if query is None:
            return None
        question = Payload.of_text(f"{query.relation} of {query.entity}?")
        if team.bus.send(agents, range(agents), "query", question) is None:
            return None
        found = _ask_all(team, problem, parts, query)
        if found is None:
            return None
        known.append(found)
    return known[-1]


PROTOCOLS: Mapping[str, Protocol] = {
    "single": single,
    "vote": single,
    "star": star,
    "chain": chain,
    "tree": tree,
    "scan": scan,
    "iterq": iterq,
}


def _state(problem: Problem, protocol: str) -> StateProblem:
    if not isinstance(problem, StateProblem):
        raise BadRequest(
            "bench-protocol", f"{protocol} tracks a state: use star or iterq", field="protocol"
        )
    return problem


def _leaves(team: Team, problem: StateProblem, parts: Sequence[range]) -> list[Reading]:
    def read(i: int) -> Reading:
        return team.read(i, problem, parts[i]) or _nothing(problem, parts[i], 0)

    return team.each(read, range(len(parts)))


def _nothing(problem: StateProblem, part: range, state: int) -> Reading:
    """A chunk whose reader gave no answer changes nothing."""
    states = None if problem.scored is None else (state,) * len(part)
    return Reading(total=state, states=states)


def _ask_all(team: Team, problem: FactProblem, parts: Sequence[range], query: Query) -> str | None:
    """Every worker looks in its chunk; only hits speak."""
    manager = len(parts)

    def look(i: int) -> str | None:
        hit = team.find(i, problem, parts[i], query, parent=manager)
        if hit is None:
            return None
        arrived = team.bus.send(i, manager, "hit", Payload.of_text(hit.value))
        return None if arrived is None else arrived.text

    values = [v for v in team.each(look, range(len(parts))) if v is not None]
    return team.majority(values) if values else None


def _answer(
    problem: StateProblem, readings: Sequence[Reading], before: Sequence[int]
) -> int | tuple[int, ...]:
    """The end, or the state after each scored item, from the chunks and what came before each."""
    combine = problem.monoid.combine
    if problem.scored is None:
        return combine(before[-1], readings[-1].total)
    states = [combine(b, s) for b, r in zip(before, readings, strict=True) for s in r.states or ()]
    return tuple(states[i] for i in problem.scored)
