from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.longdoc import trees
from annotator.longdoc.bus import Bus, Limits
from annotator.longdoc.document import ChunkWire
from annotator.longdoc.messages import (
    BUDGET_TOKENS,
    ChunkMsg,
    Hit,
    combine,
    decode,
    encode,
    join,
    safe_name,
    shorten,
    top_hits,
)
from annotator.longdoc.state import HE, NOW, SHE, Registers, Transition, compose

NAMES = ["Orwell", "Pell", "Osei", "the chair", "the auditor", "Dr Li"]
references = st.sampled_from([NOW, HE, SHE, *NAMES])
registers = st.builds(
    Registers, now=references, he=references, she=references, quoting=st.booleans()
)
transitions = st.builds(
    Transition, outside=registers, inside=registers, close=st.none() | references
)
numbers = st.integers(0, 99_999)
messages = st.builds(
    ChunkMsg,
    chunk=st.integers(-1, 5000),
    sentences=numbers,
    counts=st.dictionaries(st.sampled_from(["quo", "oth", "neg"]), st.integers(1, 500)),
    hits=st.lists(st.builds(Hit, st.integers(1, 9), numbers, st.sampled_from("nq"))).map(top_hits),
    trans=transitions,
    aliases=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=6).map(join),
    supersedes=st.sets(numbers, max_size=4).map(lambda s: tuple(sorted(s))),
    conf=st.integers(0, 100).map(lambda p: p / 100),
)  # fmt: skip


def same(a: ChunkMsg, b: ChunkMsg) -> bool:
    return a == b and dict(a.counts) == dict(b.counts)


@given(messages, messages, messages)
def test_combine_is_associative(a: ChunkMsg, b: ChunkMsg, c: ChunkMsg) -> None:
    assert same(combine(combine(a, b), c), combine(a, combine(b, c)))


@given(messages)
def test_the_empty_message_changes_nothing(a: ChunkMsg) -> None:
    assert same(combine(ChunkMsg(), a), a)
    assert same(combine(a, ChunkMsg()), a)


@given(transitions, transitions, transitions)
def test_composition_is_associative(a: Transition, b: Transition, c: Transition) -> None:
    assert compose(compose(a, b), c) == compose(a, compose(b, c))


@given(st.lists(messages, min_size=1, max_size=9), st.integers(2, 4))
def test_any_tree_gives_the_same_sum_and_prefixes(leaves: list[ChunkMsg], branching: int) -> None:
    class Wire(ChunkWire):
        def carry(self, src, dst, kind, element):
            return element

    total, before = trees.scan(Wire(Bus()), leaves, branching)
    assert same(total, reduce(combine, leaves))
    for i, prefix in enumerate(before):
        assert same(prefix, reduce(combine, leaves[:i], ChunkMsg()))


@given(messages)
def test_the_wire_form_comes_back_equal(a: ChunkMsg) -> None:
    assert same(decode(encode(a)), a)


@given(messages)
def test_shortening_keeps_state_and_counts(a: ChunkMsg) -> None:
    payload = shorten(a, Limits(tokens=BUDGET_TOKENS))
    kept = decode(payload.text)
    assert payload.tokens <= BUDGET_TOKENS
    assert (kept.trans, dict(kept.counts), kept.sentences) == (a.trans, dict(a.counts), a.sentences)
    assert kept.hits == a.hits[: len(kept.hits)]  # the most salient stay


def test_a_full_message_is_cut_and_flagged_on_the_bus() -> None:
    names = [(f"the member {i} of the board", f"Sandoval{i}") for i in range(6)]
    full = ChunkMsg(
        chunk=0, sentences=20, counts={"quo": 12, "fac": 8},
        hits=tuple(Hit(9, 10_000 + i, "n") for i in range(8)), aliases=join(names),
    )  # fmt: skip
    bus = Bus(limits=Limits(tokens=BUDGET_TOKENS))
    arrived = ChunkWire(bus).carry(0, 1, "up0", full)
    assert arrived is not None
    assert len(arrived.hits) < 8
    assert bus.messages[0].flag == "truncated"
    assert bus.messages[0].payload_tokens <= BUDGET_TOKENS


def test_aliases_join_over_chunks() -> None:
    assert join([("the chair", "Orwell"), ("the chair", "Dana")]) == (
        ("Orwell", "Dana"), ("the chair", "Dana"),
    )  # fmt: skip


def test_corrections_keep_the_latest_four() -> None:
    a, b = ChunkMsg(supersedes=(1, 2, 3)), ChunkMsg(supersedes=(7, 9))
    assert combine(a, b).supersedes == (2, 3, 7, 9)


def test_names_cannot_break_the_wire_form() -> None:
    name = safe_name("O'Neil|x=1,@n;\n" + "z" * 90)
    assert (
        decode(encode(ChunkMsg(trans=Transition(outside=Registers(now=name))))).trans.outside.now
        == name
    )


@pytest.mark.parametrize("text", ["", "1|2", encode(ChunkMsg()) + "|", "0|0|x|;|||||100"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(text)
