"""The embedded reader of long documents: a chunk of sentences in, its message and its quotes out.

Pure. A chunk is read without knowing what came before it: each quoted sentence gets a reference,
to a name or to a register before the chunk, which the scan later fills in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from annotator.longdoc import speakers
from annotator.longdoc.messages import (
    ALIASES_MAX,
    SUPERSEDES_MAX,
    ChunkMsg,
    Hit,
    Pair,
    join,
    top_hits,
)
from annotator.longdoc.speakers import Attribution
from annotator.longdoc.state import HE, NOW, SHE, Ref, Registers, Transition, compose
from newsroom.records import SENTENCE_COUNTS, Stage

VERSION = "1"  # changes whenever the same text could be read otherwise
CLOSE = "@close"  # whose words it is stands where the quotation closes, after the chunk

# On the bus a count goes by the end of its column's name, which no two share: sent_type_quo, quo.
_COLUMNS = {column.rpartition("_")[2]: column for column in SENTENCE_COUNTS.values()}
_NUMBER = re.compile(r"[$€£]\s?\d[\d,.]*|\d[\d,.]*\s?(?:%|percent\b|million\b|billion\b|votes\b)")
_CORRECTION = re.compile(
    r"^(?:correction|update|clarification)\b|\bearlier version\b", re.IGNORECASE
)

SentenceReader = Callable[[Sequence[str]], Sequence[Mapping[Stage, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sentence with its number in the document, from 0."""

    number: int
    text: str
    starts_paragraph: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkReading:
    """What stays with a chunk until the scan tells it what came before.

    ``outside`` and ``inside`` are (sentence number, reference) of every quoted sentence, for the
    two ways to enter the chunk.
    """

    outside: tuple[tuple[int, Ref], ...]
    inside: tuple[tuple[int, Ref], ...]


def quoted_or_not(texts: Sequence[str]) -> Sequence[Mapping[Stage, str]]:
    """The plainest sentence reader: whether quotation marks stand around somebody's words."""
    return [
        {Stage.SENTENCE_TYPE: "quote" if speakers.read(t, quoting=False).speaks else "other"}
        for t in texts
    ]


def read_chunk(
    chunk: int, lines: Sequence[Line], sentence_reader: SentenceReader = quoted_or_not
) -> tuple[ChunkMsg, ChunkReading]:
    """Read a chunk on its own; ``chunk`` is its number in the document."""
    outside = _pass(lines, Registers())
    inside = _pass(lines, Registers(quoting=True))
    texts = [line.text for line in lines]
    corrections = [line.number for line in lines if _CORRECTION.search(line.text)]
    message = ChunkMsg(
        chunk=chunk,
        sentences=len(lines),
        counts=_counts(sentence_reader(texts)),
        hits=top_hits(hit for line in lines if (hit := _hit(line)) is not None),
        trans=Transition(outside=outside.after, inside=inside.after, close=inside.close),
        aliases=join(outside.aliases[:ALIASES_MAX]),
        supersedes=tuple(corrections[-SUPERSEDES_MAX:]),
    )
    return message, ChunkReading(outside=outside.quotes, inside=inside.quotes)


def resolve(
    reading: ChunkReading, own: Transition, before: Transition, close: Ref | None
) -> dict[int, str | None]:
    """The speaker of every quoted sentence of a chunk, None where nobody was ever named.

    ``own`` is what the chunk does to the state, ``before`` the sum of all chunks before it,
    ``close`` what closes a quotation that is open at its end.
    """
    entry = before.outside  # a document starts outside of any quotation
    left = compose(before, own).outside
    found: dict[int, str | None] = {}
    for number, ref in reading.inside if entry.quoting else reading.outside:
        name = left.value(close or NOW) if ref == CLOSE else entry.value(ref)
        found[number] = None if name.startswith("@") else name
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    after: Registers
    quotes: tuple[tuple[int, Ref], ...]
    close: Ref | None
    aliases: tuple[Pair, ...]


def _pass(lines: Sequence[Line], registers: Registers) -> _Pass:
    """One reading for one way to enter; open quotations wait for the sentence that closes them."""
    quotes: dict[int, Ref] = {}
    aliases: list[Pair] = []
    waiting: list[int] = []
    close: Ref | None = None
    entered_open = registers.quoting
    for line in lines:
        if registers.quoting and line.starts_paragraph and not speakers.opens(line.text):
            # A quotation that goes on opens its next paragraph; this one just ended.
            quotes |= dict.fromkeys(waiting, registers.now)
            close, entered_open = (registers.now, False) if entered_open else (close, False)
            waiting, registers = [], replace(registers, quoting=False)
        said = speakers.read(line.text, quoting=registers.quoting)
        aliases += said.aliases
        registers, ref = _attribute(registers, said.attribution)
        if said.closes:
            quotes |= dict.fromkeys(waiting, ref)
            close, entered_open = (ref, False) if entered_open else (close, False)
            waiting = []
        if said.speaks:
            quotes[line.number] = ref
            if said.quoting:
                waiting.append(line.number)
        registers = replace(registers, quoting=said.quoting)
    quotes |= dict.fromkeys(waiting, CLOSE)
    return _Pass(
        after=registers, quotes=tuple(sorted(quotes.items())), close=close, aliases=tuple(aliases)
    )


def _attribute(registers: Registers, said: Attribution | None) -> tuple[Registers, Ref]:
    """Registers after an attribution, and whose words the sentence holds."""
    if said is None:
        return registers, registers.now
    if said.register is not None:
        ref = registers.value(HE if said.register == HE else SHE)
        return replace(registers, now=ref), ref
    assert said.name is not None
    named = replace(registers, now=said.name)
    if said.gender != "she":
        named = replace(named, he=said.name)
    if said.gender != "he":
        named = replace(named, she=said.name)
    return named, said.name


def _counts(labels: Sequence[Mapping[Stage, str]]) -> dict[str, int]:
    columns = (SENTENCE_COUNTS.get(item) for one in labels for item in one.items())
    return dict(sorted(Counter(c.rpartition("_")[2] for c in columns if c).items()))


def full_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts under the names of the Media Bias Detector's columns."""
    return {_COLUMNS[short]: n for short, n in counts.items()}


def _hit(line: Line) -> Hit | None:
    """A sentence with an amount; more digits, more salient (1 … 9)."""
    found = _NUMBER.search(line.text)
    if found is None:
        return None
    return Hit(min(9, sum(c.isdigit() for c in found[0])), line.number, "n")
