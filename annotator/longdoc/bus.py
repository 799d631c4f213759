"""The only way between agents: it enforces bandwidth and rounds and counts what really happened.

Every agent has a clock of three hands that only calls and messages move, as Lamport's do: rounds
of messages, tokens written, tokens read and written. The largest hand is the longest path over
the graph of calls. A channel carries one message a round, so that a thin channel costs rounds.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

# At most what a model's tokenizer makes of it: it joins punctuation and longer words too.
_TOKEN = re.compile(r"[A-Za-z]{1,6}|\d{1,3}|[^\sA-Za-z\d]")

Flag = Literal["truncated", "rejected", "late"]


def token_count(text: str) -> int:
    """Tokens of a payload by our own rule: six letters, three digits or one sign each."""
    return sum(1 for _ in _TOKEN.finditer(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a message carries: a number of known width, or text of 8 bits a byte."""

    text: str
    bits: int
    tokens: int

    @classmethod
    def of_number(cls, value: int, width: int) -> Payload:
        """A number that is promised to be below 2^width."""
        if not 0 <= value < 1 << width:
            raise ValueError(f"{value} does not fit into {width} bits")
        return cls(text=str(value), bits=width, tokens=token_count(str(value)))

    @classmethod
    def of_text(cls, text: str) -> Payload:
        """Any text."""
        return cls(text=text, bits=8 * len(text.encode()), tokens=token_count(text))


Shorten = Callable[["Limits"], Payload]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one message may carry and how many rounds there are; None: no limit.

    ``enforced`` is False only in negative controls.
    """

    bits: int | None = None
    tokens: int | None = None
    rounds: int | None = None
    enforced: bool = True

    def allow(self, payload: Payload) -> bool:
        """Whether a payload is within the bandwidth."""
        within_bits = self.bits is None or payload.bits <= self.bits
        return within_bits and (self.tokens is None or payload.tokens <= self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of the log. A flagged message was cut by its sender's rule, or not delivered."""

    round: int
    src: int
    dst: tuple[int, ...]
    kind: str
    payload_bits: int
    payload_tokens: int
    sha: str
    flag: Flag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a model, retries and failures included; ``parent`` is the agent that asked."""

    round: int
    agent: int
    parent: int | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    ok: bool


@dataclass(slots=True)
class Clock:
    """When an agent is, in rounds, in tokens written one after another, and in all tokens."""

    round: int = 0
    depth_tokens: int = 0
    path_tokens: int = 0

    def reach(self, other: Clock, at_round: int) -> None:
        """Wait for a message that was sent at ``other`` and arrives in ``at_round``."""
        self.round = max(self.round, at_round)
        self.depth_tokens = max(self.depth_tokens, other.depth_tokens)
        self.path_tokens = max(self.path_tokens, other.path_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over the logs of one bus; a broadcast is one message with many deliveries."""

    messages: int
    deliveries: int
    payload_bits: int
    payload_tokens: int
    flagged: int
    calls: int
    failed_calls: int
    prompt_tokens: int
    completion_tokens: int
    rounds_used: int
    depth_tokens: int
    path_tokens: int

    @property
    def tokens(self) -> int:
        """All tokens that models read or wrote."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(slots=True)
class Bus:
    """The message log and the call log of one run. Safe to use from several threads."""

    limits: Limits = field(default_factory=Limits)
    messages: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _clocks: dict[int, Clock] = field(default_factory=dict)
    _channels: dict[tuple[int, int], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(
        self,
        src: int,
        dst: int | Sequence[int],
        kind: str,
        payload: Payload,
        shorten: Shorten | None = None,
    ) -> Payload | None:
        """Deliver a payload and give back what arrived; None where nothing did.

        A payload over the bandwidth is cut by ``shorten``, the sender's declared rule; without
        one, or where the cut is still too long, it is rejected. After the last round nothing is
        delivered. All three are flagged in the log.
        """
        to = (dst,) if isinstance(dst, int) else tuple(dst)
        flag: Flag | None = None
        if self.limits.enforced and not self.limits.allow(payload):
            flag = "rejected"
            if shorten is not None and self.limits.allow(cut := shorten(self.limits)):
                payload, flag = cut, "truncated"
        with self._lock:
            sent_at = self._clock(src)
            used = max((self._channels.get((src, d), 0) for d in to), default=0)
            in_round = max(sent_at.round, used) + 1
            last = self.limits.rounds
            if self.limits.enforced and last is not None and in_round > last:
                flag = "late"
            arrives = flag in {None, "truncated"}
            self.messages.append(
                Message(
                    round=in_round,
                    src=src,
                    dst=to,
                    kind=kind,
                    payload_bits=payload.bits if arrives else 0,
                    payload_tokens=payload.tokens if arrives else 0,
                    sha=sha256(payload.text.encode()).hexdigest(),
                    flag=flag,
                )
            )
            if not arrives:
                return None
            for d in to:
                self._channels[src, d] = in_round
                self._clock(d).reach(sent_at, in_round)
        return payload

    def called(
        self,
        agent: int,
        replies: Sequence[tuple[int, int, float, bool]],
        *,
        parent: int | None = None,
    ) -> None:
        """Log calls that an agent made side by side: (prompt, completion, seconds, ok) of each.

        Side by side they cost the clock as much as the longest of them.
        """
        with self._lock:
            clock = self._clock(agent)
            for prompt, completion, seconds, ok in replies:
                self.calls.append(
                    Call(
                        round=clock.round,
                        agent=agent,
                        parent=parent,
                        prompt_tokens=prompt,
                        completion_tokens=completion,
                        seconds=seconds,
                        ok=ok,
                    )
                )
            clock.depth_tokens += max((c for _, c, _, _ in replies), default=0)
            clock.path_tokens += max((p + c for p, c, _, _ in replies), default=0)

    def totals(self) -> Totals:
        """Sums over both logs, and the largest hand of each kind over all clocks."""
        clocks = self._clocks.values()
        arrived = [m for m in self.messages if m.flag in {None, "truncated"}]
        return Totals(
            messages=len(arrived),
            deliveries=sum(len(m.dst) for m in arrived),
            payload_bits=sum(m.payload_bits for m in arrived),
            payload_tokens=sum(m.payload_tokens for m in arrived),
            flagged=sum(m.flag is not None for m in self.messages),
            calls=len(self.calls),
            failed_calls=sum(not c.ok for c in self.calls),
            prompt_tokens=sum(c.prompt_tokens for c in self.calls),
            completion_tokens=sum(c.completion_tokens for c in self.calls),
            rounds_used=max((m.round for m in arrived), default=0),
            depth_tokens=max((c.depth_tokens for c in clocks), default=0),
            path_tokens=max((c.path_tokens for c in clocks), default=0),
        )

    def _clock(self, agent: int) -> Clock:
        return self._clocks.setdefault(agent, Clock())
