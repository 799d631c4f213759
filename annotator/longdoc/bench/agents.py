"""What an agent can be asked, whatever answers: the simulation or a served model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annotator.longdoc.bench.problems import FactProblem, Query, StateProblem

T = TypeVar("T")


class Seat(NamedTuple):
    """Who is asked: agent, its how manieth call, which of several votes. Names a random stream."""

    agent: int
    call: int
    vote: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Generic[T]):
    """One answer with its cost; ``value`` None where there is nothing to say (a fact that is not
    in the chunk) or, not ``ok``, where nothing usable came.
    """

    value: T | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float = 0.0
    ok: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A chunk's product, and the state after each of its items where those are asked."""

    total: int
    states: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What a worker says it found, with the words it found it in."""

    value: str
    quote: str


class Agent(Protocol):
    """One model in any seat. Calls may come from several threads."""

    def read(self, problem: StateProblem, chunk: range, start: int, seat: Seat) -> Reply[Reading]:
        """Fold the items of a chunk, on from a state."""
        ...

    def merge(self, problem: StateProblem, totals: Sequence[int], seat: Seat) -> Reply[int]:
        """Combine products in order."""
        ...

    def find(self, problem: FactProblem, chunk: range, query: Query, seat: Seat) -> Reply[Hit]:
        """Look one fact up in a chunk; no value where it is not there."""
        ...

    def plan(self, problem: FactProblem, known: Sequence[str], seat: Seat) -> Reply[Query]:
        """The next query, from the question and the answers so far."""
        ...

    def chase(self, problem: FactProblem, seat: Seat) -> Reply[str]:
        """Answer the whole question from all items at once."""
        ...
