"""A whole document from its chunks: cut, read apart, scanned, resolved. Pure but for the bus.

The same scan serves the harness and the product; here its elements are chunk messages and its
bus allows 96 tokens a message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from annotator.longdoc import trees
from annotator.longdoc.bus import Bus, Limits, Payload
from annotator.longdoc.messages import (
    BUDGET_TOKENS,
    ChunkMsg,
    combine,
    decode,
    encode,
    shorten,
)
from annotator.longdoc.reading import (
    ChunkReading,
    Line,
    SentenceReader,
    full_counts,
    quoted_or_not,
    read_chunk,
    resolve,
)
from annotator.longdoc.state import Ref, Transition
from newsroom.errors import Refused
from newsroom.text import sentences

CHUNK_SENTENCES = 20
BRANCHING = 2
Status = Literal["done", "partial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a sentence stands in its text, as character offsets."""

    start: int
    end: int
    starts_paragraph: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What several readers found in a document.

    ``speakers`` maps the number of each quoted sentence to a name, None where none was ever
    given; ``coverage`` is the share of sentences that were read, ``status`` ``partial`` below 1;
    ``counts`` are of sentence labels; ``hits`` and ``supersedes`` number sentences.
    """

    status: Status
    coverage: float
    sentences: int
    chunks: int
    speakers: Mapping[int, str | None]
    quotes_by_speaker: Mapping[str, int]
    counts: Mapping[str, int]
    hits: tuple[int, ...]
    supersedes: tuple[int, ...]
    confidence: float
    messages: int
    message_bits: int
    message_tokens: int
    message_tokens_max: int
    rounds: int

    def as_dict(self) -> dict[str, object]:
        """For JSON: keys are strings, sentence numbers too."""
        tree = asdict(self)
        tree["speakers"] = {str(k): v for k, v in self.speakers.items()}
        return tree


def spans(text: str) -> list[Span]:
    """The sentences of a normalised text. Raises Refused ``no-sentences`` for none."""
    at = sentences(text)
    ends = [0, *(end for _, end in at)]
    found = [
        Span(start=start, end=end, starts_paragraph=start == 0 or "\n" in text[before:start])
        for before, (start, end) in zip(ends, at, strict=False)
    ]
    if not found:
        raise Refused("no-sentences", "the document has no sentences")
    return found


def lines(text: str, at: Sequence[Span], first: int = 0) -> list[Line]:
    """Sentences to read; ``first`` is the number of the first one in its document."""
    return [
        Line(number=first + i, text=text[s.start : s.end], starts_paragraph=s.starts_paragraph)
        for i, s in enumerate(at)
    ]


def cut(sentence_count: int, chunk_sentences: int = CHUNK_SENTENCES) -> list[range]:
    """The sentences of each chunk."""
    return [
        range(i, min(i + chunk_sentences, sentence_count))
        for i in range(0, sentence_count, chunk_sentences)
    ]


class ChunkWire(trees.Wire[ChunkMsg]):
    """Chunk messages on a bus, combined by code."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    def identity(self) -> ChunkMsg:
        """Nothing was read."""
        return ChunkMsg()

    def carry(self, src: int, dst: int, kind: str, element: ChunkMsg) -> ChunkMsg | None:
        """What arrives is read from the payload: nothing else crosses. The way down carries only
        the state, which is all that a chunk needs of those before it.
        """
        if kind.startswith("down"):
            element = ChunkMsg(trans=replace(element.trans, close=None))
        arrived = self.bus.send(
            src,
            dst,
            kind,
            Payload.of_text(encode(element)),
            shorten=lambda limits: shorten(element, limits),
        )
        return None if arrived is None else decode(arrived.text)

    def merge(self, agent: int, elements: Sequence[ChunkMsg]) -> ChunkMsg:
        """In order; no model is asked, so merging makes no error."""
        del agent
        total = ChunkMsg()
        for element in elements:
            total = combine(total, element)
        return total


Read = tuple[ChunkMsg, ChunkReading]


def assemble(
    chunks: Sequence[Read | None], sentence_count: int, bus: Bus, branching: int = BRANCHING
) -> Result:
    """Scan over what the chunks gave; None is a chunk that could not be read: its sentences are
    missing from the coverage, and whoever spoke before it is taken to speak after it.
    """
    leaves = [ChunkMsg() if c is None else c[0] for c in chunks]
    total, before = trees.scan(ChunkWire(bus), leaves, branching)
    back = [leaf.trans.close or "" for leaf in reversed(leaves)]
    _, after = trees.scan(CloseWire(bus, len(leaves)), back, branching)
    names = dict(total.aliases)
    speakers: dict[int, str | None] = {}
    for read, prefix, close in zip(chunks, before, reversed(after), strict=True):
        if read is not None:
            found = resolve(read[1], read[0].trans, prefix.trans, close or None)
            speakers |= {
                n: None if who is None else names.get(who, who) for n, who in found.items()
            }
    by_speaker = Counter(name for name in speakers.values() if name is not None)
    sums = bus.totals()
    coverage = total.sentences / sentence_count
    return Result(
        status="done" if total.sentences == sentence_count else "partial",
        coverage=round(coverage, 4),
        sentences=sentence_count,
        chunks=len(chunks),
        speakers=dict(sorted(speakers.items())),
        quotes_by_speaker=dict(by_speaker.most_common()),
        counts=full_counts(total.counts),
        hits=tuple(sorted(hit.sentence for hit in total.hits)),
        supersedes=total.supersedes,
        confidence=total.conf,
        messages=sums.messages,
        message_bits=sums.payload_bits,
        message_tokens=sums.payload_tokens,
        message_tokens_max=max((m.payload_tokens for m in bus.messages), default=0),
        rounds=sums.rounds_used,
    )


class CloseWire(trees.Wire[Ref]):
    """The way back through the document: what closes a quotation that is open ("" : nothing)."""

    def __init__(self, bus: Bus, agents: int) -> None:
        self.bus, self.last = bus, agents - 1

    def identity(self) -> Ref:
        """Nothing closes."""
        return ""

    def carry(self, src: int, dst: int, kind: str, element: Ref) -> Ref | None:
        """Agents are numbered from the end of the document here."""
        payload = Payload.of_text(element)
        arrived = self.bus.send(self.last - src, self.last - dst, f"close-{kind}", payload)
        return None if arrived is None else arrived.text

    def merge(self, agent: int, elements: Sequence[Ref]) -> Ref:
        """The nearest one, which came last on the way back."""
        del agent
        return next((e for e in reversed(elements) if e), "")


def read_chunks(
    text: str, chunk_sentences: int, sentence_reader: SentenceReader = quoted_or_not
) -> list[Read]:
    """Cut a normalised text and read each chunk on its own."""
    at = spans(text)
    return [
        read_chunk(i, lines(text, [at[n] for n in part], part.start), sentence_reader)
        for i, part in enumerate(cut(len(at), chunk_sentences))
    ]


def read_document(
    text: str,
    *,
    chunk_sentences: int = CHUNK_SENTENCES,
    sentence_reader: SentenceReader = quoted_or_not,
) -> Result:
    """Read a normalised text in this process."""
    chunks = read_chunks(text, chunk_sentences, sentence_reader)
    total = sum(message.sentences for message, _ in chunks)
    return assemble(chunks, total, Bus(limits=Limits(tokens=BUDGET_TOKENS)))


def strangers(chunks: Sequence[Read | None]) -> dict[int, str | None]:
    """Speakers by chunks that exchange nothing, as map-reduce has it: to compare with."""
    found: dict[int, str | None] = {}
    for read in chunks:
        if read is not None:
            names = dict(read[0].aliases)
            alone = resolve(read[1], read[0].trans, Transition(), None)
            found |= {n: None if who is None else names.get(who, who) for n, who in alone.items()}
    return found


def attribution(found: Mapping[int, str | None], gold: Mapping[int, str]) -> float:
    """Share of the quoted sentences of the gold with the right speaker."""
    return sum(found.get(n) == who for n, who in gold.items()) / len(gold)
