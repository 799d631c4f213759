"""What one agent tells another about its stretch of a document: typed, small, merged by code.

Sentence numbers, never copied text. Everything in it is a monoid, so any tree of agents gets
the same sum: counts add, the eight most salient hits stay, speaker transitions compose, aliases
join, the four last corrections stay, the lowest confidence counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from annotator.longdoc.bus import Limits, Payload
from annotator.longdoc.state import Registers, Transition, compose

BUDGET_TOKENS = 96
HITS_MAX, ALIASES_MAX, SUPERSEDES_MAX = 8, 6, 4
NAME_MAX = 40
_UNSAFE = re.compile(r"[^\w .'’@-]")


class Hit(NamedTuple):
    """A sentence worth looking at. The order is the order of salience, ties to the earlier."""

    salience: int
    sentence: int
    kind: str

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sorts the most salient first."""
        return (-self.salience, self.sentence, self.kind)


Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkMsg:
    """One chunk's delta, or the sum over neighbouring chunks.

    ``chunk`` is the first chunk in it (−1: none), ``sentences`` how many were read, ``counts``
    are of sentence labels, ``hits`` at most eight, ``aliases`` pairs of names of one speaker
    (``(name, smallest name of its class)``), ``supersedes`` numbers of the sentences that
    correct an earlier version, ``conf`` 0…1.
    """

    chunk: int = -1
    sentences: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    hits: tuple[Hit, ...] = ()
    trans: Transition = field(default_factory=Transition)
    aliases: tuple[Pair, ...] = ()
    supersedes: tuple[int, ...] = ()
    conf: float = 1.0


def combine(a: ChunkMsg, b: ChunkMsg) -> ChunkMsg:
    """The delta of ``a`` and then ``b``: associative, with ``ChunkMsg()`` as the identity."""
    counts = {k: a.counts.get(k, 0) + b.counts.get(k, 0) for k in sorted({*a.counts, *b.counts})}
    return ChunkMsg(
        chunk=min((m.chunk for m in (a, b) if m.chunk >= 0), default=-1),
        sentences=a.sentences + b.sentences,
        counts=counts,
        hits=top_hits((*a.hits, *b.hits)),
        trans=compose(a.trans, b.trans),
        aliases=join((*a.aliases, *b.aliases)),
        supersedes=tuple(sorted({*a.supersedes, *b.supersedes})[-SUPERSEDES_MAX:]),
        conf=min(a.conf, b.conf),
    )


def top_hits(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """The eight most salient, each once."""
    return tuple(sorted(set(hits), key=lambda h: h.rank)[:HITS_MAX])


def join(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Names joined into classes (union-find): one pair a name, beside its smallest name."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (up := parent.setdefault(name, name)) != name:
            name = up
        return name

    for one, other in pairs:
        small, large = sorted((root(one), root(other)))
        parent[large] = small
    return tuple(sorted((name, root(name)) for name in parent if root(name) != name))


def safe_name(name: str) -> str:
    """A name without the signs that the wire form uses, at most forty characters."""
    return " ".join(_UNSAFE.sub("", name).replace("@", "").split())[:NAME_MAX]


def encode(message: ChunkMsg) -> str:
    """The wire form: nine fields in fixed order, empty ones cost one sign."""
    trans = message.trans
    entered = "" if trans.inside == trans.outside else _registers(trans.inside)
    fields = (
        str(message.chunk),
        str(message.sentences),
        " ".join(f"{k}{v}" for k, v in message.counts.items() if v),
        f"{_registers(trans.outside)};{entered}",
        "" if trans.close is None else trans.close,
        ",".join(f"{a}={b}" for a, b in message.aliases),
        " ".join(map(str, message.supersedes)),
        " ".join(f"{h.kind}{h.salience}{h.sentence}" for h in message.hits),
        str(round(100 * message.conf)),
    )
    return "|".join(fields)


def decode(text: str) -> ChunkMsg:
    """Read the wire form. Raises ValueError on anything :func:`encode` does not write."""
    chunk, sentences, counts, trans, close, aliases, supersedes, hits, conf = text.split("|")
    outside, entered = trans.split(";")
    return ChunkMsg(
        chunk=int(chunk),
        sentences=int(sentences),
        counts={m[1]: int(m[2]) for m in (_matched(r"([a-z]+)(\d+)", x) for x in counts.split())},
        hits=tuple(
            Hit(int(m[2]), int(m[3]), m[1])
            for m in (_matched(r"([a-z])(\d)(\d+)", x) for x in hits.split())
        ),
        trans=Transition(
            outside=_read_registers(outside),
            inside=_read_registers(entered or outside),
            close=close or None,
        ),
        aliases=tuple(_pair(x) for x in aliases.split(",") if x),
        supersedes=tuple(int(x) for x in supersedes.split()),
        conf=int(conf) / 100,
    )


def shorten(message: ChunkMsg, limits: Limits) -> Payload:
    """The declared rule for too long a message: hits go, least salient first, then the
    corrections, oldest first, then aliases; state and counts never.
    """
    cut = message
    while not limits.allow(payload := Payload.of_text(encode(cut))):
        if cut.hits:
            cut = replace(cut, hits=cut.hits[:-1])
        elif cut.supersedes:
            cut = replace(cut, supersedes=cut.supersedes[1:])
        elif cut.aliases:
            cut = replace(cut, aliases=cut.aliases[:-1])
        else:
            break
    return payload


def _registers(registers: Registers) -> str:
    return f"{registers.now},{registers.he},{registers.she},{int(registers.quoting)}"


def _read_registers(text: str) -> Registers:
    now, he, she, quoting = text.split(",")
    return Registers(now=now, he=he, she=she, quoting=bool(int(quoting)))


def _matched(pattern: str, text: str) -> re.Match[str]:
    found = re.fullmatch(pattern, text)
    if found is None:
        raise ValueError(f"not a field of a chunk message: {text!r}")
    return found


def _pair(text: str) -> Pair:
    a, b = text.split("=")
    return a, b
