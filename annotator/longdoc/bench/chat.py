"""Any OpenAI-compatible model in an agent's seat: prompts, answers read, costs taken from usage.

An answer that cannot be read is asked for once more; then the call counts as failed and its
tokens still count. Only what no repetition can mend (a key, a model's name) stops the run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from annotator.longdoc.bench.agents import Hit, Reading, Reply, Seat
from annotator.longdoc.bench.problems import FactProblem, Query, StateProblem
from newsroom.errors import Later, Refused

T = TypeVar("T")
ANSWER_TOKENS = 1024
TRIES = 2
TEMPERATURE = 0.5  # of votes; a single answer is greedy


class Said(Protocol):
    """What comes back from one call."""

    @property
    def text(self) -> str:
        """The answer."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Read."""
        ...

    @property
    def completion_tokens(self) -> int:
        """Written."""
        ...

    @property
    def seconds(self) -> float:
        """Waited."""
        ...


class Ask(Protocol):
    """One chat completion, as :func:`newsroom.llm.chat` bound to its settings gives it."""

    def __call__(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        schema: Mapping[str, Any] | None,
        max_tokens: int,
        temperature: float,
        seed: int,
    ) -> Said:
        """Raises Later, Refused or Misconfigured."""
        ...


def _object(**fields: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_LINES = {"type": "array", "items": _TEXT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A served model. ``seed`` is the trial's; calls at the same seat repeat exactly where the
    server honours seeds.
    """

    ask: Ask
    seed: int

    def read(self, problem: StateProblem, chunk: range, start: int, seat: Seat) -> Reply[Reading]:
        """A chunk's product in the task's own words; the state after each line where asked."""
        monoid, lines = problem.monoid, [problem.items[i] for i in chunk]
        before = f"Before the first line: {monoid.say(start)}.\n" if start else ""
        user = before + "\n".join(lines)
        if problem.scored is None:

            def total(found: Mapping[str, Any]) -> Reading:
                return Reading(total=_heard(problem, found["answer"]), states=None)

            return self._call(problem.instruction, user, _object(answer=_TEXT), total, seat)

        def states(found: Mapping[str, Any]) -> Reading:
            heard = tuple(_heard(problem, name) for name in found["answers"])
            if len(heard) != len(lines):
                raise ValueError("one answer a line")
            return Reading(total=heard[-1], states=heard)

        return self._call(problem.instruction, user, _object(answers=_LINES), states, seat)

    def merge(self, problem: StateProblem, totals: Sequence[int], seat: Seat) -> Reply[int]:
        """Products combined by the model."""
        user = "\n".join(problem.monoid.say(t) for t in totals)
        return self._call(
            problem.merge_instruction,
            user,
            _object(answer=_TEXT),
            lambda found: _heard(problem, found["answer"]),
            seat,
        )

    def find(self, problem: FactProblem, chunk: range, query: Query, seat: Seat) -> Reply[Hit]:
        """A look-up; "not there" is an answer and no failure."""
        told = (
            f"What is the {query.relation} of {query.entity}? Give the value and, word for word, "
            "the line it stands in. Where no line says it, give null for both."
        )

        def hit(found: Mapping[str, Any]) -> Hit | None:
            if found["value"] is None or found["quote"] is None:
                return None
            return Hit(value=str(found["value"]), quote=str(found["quote"]))

        lines = "\n".join(problem.items[i] for i in chunk)
        return self._call(told, lines, _object(value=_MAYBE, quote=_MAYBE), hit, seat)

    def plan(self, problem: FactProblem, known: Sequence[str], seat: Seat) -> Reply[Query]:
        """The model itself says what to ask next; workers get exactly that."""
        told = (
            "You manage workers who can look up one relation of one entity at a time. From the "
            "question and the answers so far, say what to look up next."
        )
        so_far = "\n".join(f"Answer {i + 1}: {k}" for i, k in enumerate(known)) or "No answers yet."
        return self._call(
            told,
            f"{problem.question}\n{so_far}",
            _object(entity=_TEXT, relation=_TEXT),
            lambda found: Query(str(found["entity"]), str(found["relation"])),
            seat,
        )

    def chase(self, problem: FactProblem, seat: Seat) -> Reply[str]:
        """The whole question over all lines."""
        return self._call(
            f"{problem.question} Answer with the last value only.",
            "\n".join(problem.items),
            _object(answer=_TEXT),
            lambda found: str(found["answer"]),
            seat,
        )

    def _call(
        self,
        told: str,
        user: str,
        schema: Mapping[str, Any],
        read: Callable[[Mapping[str, Any]], T | None],
        seat: Seat,
    ) -> Reply[T]:
        messages = [{"role": "system", "content": told}, {"role": "user", "content": user}]
        prompt = completion = 0
        seconds = 0.0
        for attempt in range(TRIES):
            try:
                said = self.ask(
                    messages,
                    schema=schema,
                    max_tokens=ANSWER_TOKENS,
                    temperature=TEMPERATURE if seat.vote or attempt else 0.0,
                    seed=hash((self.seed, *seat, attempt)) & 0x7FFFFFFF,
                )
            except (Later, Refused):
                continue
            prompt += said.prompt_tokens
            completion += said.completion_tokens
            seconds += said.seconds
            try:
                value = read(json.loads(said.text))
            except (ValueError, KeyError, TypeError, IndexError):
                continue
            return Reply(
                value=value,
                prompt_tokens=prompt,
                completion_tokens=completion,
                seconds=seconds,
                ok=True,
            )
        return Reply(
            value=None, prompt_tokens=prompt, completion_tokens=completion, seconds=seconds,
            ok=False,
        )  # fmt: skip


def _heard(problem: StateProblem, words: object) -> int:
    heard = problem.monoid.hear(str(words).strip())
    if heard is None:
        raise ValueError(f"no element of {problem.monoid.name}: {words!r}")
    return heard
