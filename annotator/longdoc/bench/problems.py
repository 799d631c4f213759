"""The tasks: made from seeds, in the words of news, with exact gold.

Two kinds. A state problem is a product in a monoid (parity, perm, speaker, tally). A fact
problem is a chain of look-ups (recall is a chain of one; khop, newshop). Facts are enumerated
from the grid of entity and relation, never drawn until one fits, so any length can be had.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from annotator.longdoc.bench.monoids import Monoid, arrangements, last_named, parity, tally
from newsroom.errors import BadRequest

Task = Literal["recall", "parity", "perm", "perm-even", "khop", "speaker", "tally", "newshop"]
TASKS: tuple[Task, ...] = get_args(Task)
SPEAKERS = ("Orwell", "Pell", "Marin", "Osei", "Haddad", "Kowalski", "Nakata")
# So many of the sentences name the speaker, so many go on quoting; the rest is narration.
NAMED, QUOTED = 0.09, 0.62


@dataclass(frozen=True, slots=True, kw_only=True)
class StateProblem:
    """``elements[i]`` is what item i does; ``scored`` the items after which the state is asked,
    None where only the end counts. ``instruction`` says to a model what to give back.
    """

    task: Task
    items: tuple[str, ...]
    elements: tuple[int, ...]
    monoid: Monoid
    scored: tuple[int, ...] | None
    instruction: str
    merge_instruction: str

    @property
    def gold(self) -> int:
        """The product of all."""
        return self.monoid.product(self.elements)


class Query(NamedTuple):
    """What is asked of a worker: the object that stands in this relation to the entity."""

    entity: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactProblem:
    """``facts`` gives item number and object of each (entity, relation); the question starts at
    ``start`` and follows ``relations``; ``objects`` are all that a relation can lead to.
    """

    task: Task
    items: tuple[str, ...]
    facts: Mapping[Query, tuple[int, str]]
    start: str
    relations: tuple[str, ...]
    objects: Mapping[str, tuple[str, ...]]

    @property
    def gold(self) -> str:
        """The end of the chain."""
        at = self.start
        for relation in self.relations:
            at = self.facts[Query(at, relation)][1]
        return at

    @property
    def question(self) -> str:
        """The question in words."""
        path = ", then its ".join(self.relations)
        return f"Start at {self.start}. Give its {path}."

    def shortcut(self, rng: random.Random) -> str:
        """A guess among all facts of the last relation: what ignoring the chain gets."""
        ends = [v for q, (_, v) in self.facts.items() if q.relation == self.relations[-1]]
        return rng.choice(sorted(ends))


Problem = StateProblem | FactProblem


# All settings of a run meet the same problems, which are costlier to make than to read.
@lru_cache(maxsize=4096)
def make(task: Task, n: int, hops: int, seed: str) -> Problem:
    """One problem of ``n`` items. Raises BadRequest ``bench-size`` where the task has none."""
    rng = random.Random(f"{task} {n} {hops} {seed}")  # noqa: S311
    match task:
        case "parity":
            return _parity(n, rng)
        case "perm" | "perm-even":
            return _perm(task, n, rng)
        case "speaker":
            return _speaker(n, rng)
        case "tally":
            return _tally(n, rng)
        case "recall":
            return _recall(n, rng)
        case "khop":
            return _khop(n, hops, rng)
        case "newshop":
            return _newshop(n, rng)


def _parity(n: int, rng: random.Random) -> StateProblem:
    elements = tuple(rng.randrange(2) for _ in range(n))
    return StateProblem(
        task="parity",
        items=tuple(f"Ballot {i}: {'yes' if e else 'no'}." for i, e in enumerate(elements)),
        elements=elements,
        monoid=parity(),
        scored=None,
        instruction="Is the number of yes ballots odd or even? Answer odd or even.",
        merge_instruction="Parts of a count are odd or even. Is their sum odd or even?",
    )


def _perm(task: Task, n: int, rng: random.Random) -> StateProblem:
    monoid = arrangements(even=task == "perm-even")
    elements = tuple(rng.randrange(monoid.size) for _ in range(n))
    return StateProblem(
        task=task,
        items=tuple(f"Place takes from: {monoid.say(e)}." for e in elements),
        elements=elements,
        monoid=monoid,
        scored=None,
        instruction="Balls 1 2 3 4 5 stand in order. Each line gives, for every place, the place "
        "its ball comes from. Answer with the final order of the balls, five numbers with spaces.",
        merge_instruction="Each line is an arrangement: for every place, the place its ball comes "
        "from. Apply them in order and answer with the final order, five numbers with spaces.",
    )


def _speaker(n: int, rng: random.Random) -> StateProblem:
    """The first sentence names a speaker, so every quotation has one."""
    elements, items, scored = [], [], []
    for i in range(n):
        kind = rng.random()
        if i == 0 or kind < NAMED:
            who = rng.randrange(len(SPEAKERS))
            elements.append(who + 1)
            items.append(f'"We have looked at it," said {SPEAKERS[who]}.')
        else:
            elements.append(0)
            quoted = kind < NAMED + QUOTED
            items.append('"It was not our choice."' if quoted else "The clerk turned a page.")
            if not quoted:
                continue
        scored.append(i)
    return StateProblem(
        task="speaker",
        items=tuple(items),
        elements=tuple(elements),
        monoid=last_named(SPEAKERS),
        scored=tuple(scored),
        instruction="For each line, who is speaking after it? Answer with one name a line, or the "
        "word same while no line has named a speaker yet.",
        merge_instruction="Each line is the last speaker named in a part of a text, or same for "
        "none. Who was named last? Answer with one name, or same.",
    )


def _tally(n: int, rng: random.Random) -> StateProblem:
    """A live blog of single votes."""
    monoid = tally()
    votes = [monoid.hear("1 0" if rng.random() < 0.5 else "0 1") or 0 for _ in range(n)]
    named = ("against", "for")
    return StateProblem(
        task="tally",
        items=tuple(f"Member {i} votes {named[v > 1]}." for i, v in enumerate(votes)),
        elements=tuple(votes),
        monoid=monoid,
        scored=None,
        instruction="Count the votes. Answer with two numbers: votes for and votes against.",
        merge_instruction="Each line has votes for and votes against. Answer with both sums.",
    )


def _recall(n: int, rng: random.Random) -> FactProblem:
    """One fact is asked for; a tenth of the other sentences are like it, of other offices."""
    offices = [f"office {i}" for i in range(1 + n // 10)]
    codes = rng.sample(range(1000, 1000 + 9 * max(1000, n)), len(offices))
    places = rng.sample(range(n), len(offices))
    items = [f"On day {i} the council met and heard the mayor." for i in range(n)]
    facts = {}
    for office, code, place in zip(offices, codes, places, strict=True):
        items[place] = f"The access code of {office} is {code}."
        facts[Query(office, "access code")] = (place, str(code))
    return FactProblem(
        task="recall",
        items=tuple(items),
        facts=facts,
        start=rng.choice(offices),
        relations=("access code",),
        objects={"access code": tuple(str(c) for c in codes)},
    )


def _listed(text: str) -> list[str]:
    return text.split("|")


_RELATIONS = _listed(
    "mentor|neighbor|employer|rival|cousin|teacher|landlord|doctor|lawyer|editor|driver|tenant|"
    "partner|client|critic|successor|advisor|sponsor|witness|deputy"
)


def _khop(n: int, hops: int, rng: random.Random) -> FactProblem:
    people = [f"P{i}" for i in range(max(50, hops + 1, -(-n // len(_RELATIONS))))]
    if n < hops:
        raise BadRequest("bench-size", f"{hops} hops need at least {hops} facts", field="n")
    chain = rng.sample(people, hops + 1)
    relations = tuple(rng.choice(_RELATIONS) for _ in range(hops))
    asked = {Query(a, r): b for a, r, b in zip(chain, relations, chain[1:], strict=False)}
    grid = [Query(p, r) for p in people for r in _RELATIONS if Query(p, r) not in asked]
    others = {q: rng.choice(people) for q in rng.sample(grid, n - hops)}
    return _facts("khop", asked | others, chain[0], relations, rng)


_NEWS = ("employer", "party", "bill", "subject")


def _newshop(n: int, rng: random.Random) -> FactProblem:
    """Person → the member they work for → party → the bill it sponsors → its subject."""
    if n < len(_NEWS):
        raise BadRequest("bench-size", f"newshop needs at least {len(_NEWS)} facts", field="n")
    count = -(-n // len(_NEWS))
    layers = [
        [f"{word} {i}" for i in range(count)]
        for word in ("Aide", "Member", "Party", "Bill", "Subject")
    ]
    asked = dict.fromkeys([Query(layer[0], r) for layer, r in zip(layers, _NEWS, strict=False)], "")
    every = [
        (Query(a, r), b)
        for layer, after, r in zip(layers, layers[1:], _NEWS, strict=False)
        for a, b in zip(layer, [after[0], *rng.sample(after[1:], count - 1)], strict=True)
    ]
    rest = [x for x in every if x[0] not in asked]
    chosen = [x for x in every if x[0] in asked] + rng.sample(rest, n - len(_NEWS))
    return _facts("newshop", dict(chosen), layers[0][0], _NEWS, rng)


def _facts(
    task: Task,
    found: Mapping[Query, str],
    start: str,
    relations: tuple[str, ...],
    rng: random.Random,
) -> FactProblem:
    order = list(found)
    rng.shuffle(order)
    objects: dict[str, set[str]] = {}
    for query, value in found.items():
        objects.setdefault(query.relation, set()).add(value)
    return FactProblem(
        task=task,
        items=tuple(f"The {q.relation} of {q.entity} is {found[q]}." for q in order),
        facts={q: (i, found[q]) for i, q in enumerate(order)},
        start=start,
        relations=relations,
        objects={r: tuple(sorted(o)) for r, o in objects.items()},
    )
