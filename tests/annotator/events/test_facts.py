"""Which sentences are one fact, who told it and who left it out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annotator.events import facts, pairing
from annotator.events.facts import Fact, Sentence, align, nodes
from annotator.events.pairing import PairModel, groups
from newsroom.errors import Misconfigured

WORDS = PairModel(
    features=facts.FEATURES, bias=-4.0, least=0.5,
    weights=tuple(10.0 * (name == "words") for name in facts.FEATURES),
)  # fmt: skip
BRIDGE = "The bridge over the Tarn was closed to lorries on Friday."
BRIDGE_TOO = "Lorries were banned from the bridge over the Tarn on Friday."
CRACKS = "Engineers had found cracks in two of its pillars in January."
FERRY = "A ferry will carry lorries until the autumn, the ministry announced."


def sentence(outlet: str, number: int, text: str, source: str | None = None) -> Sentence:
    return Sentence(
        article=f"{outlet}-1",
        outlet=outlet,
        source=source or f"{outlet}-1",
        number=number,
        text=text,
    )


def found(said: list[Sentence], outlets: int) -> list[Fact]:
    kept = nodes(said)
    return align(kept, np.eye(len(kept), 8, dtype=np.float32), outlets, WORDS)


def test_one_fact_in_two_wordings_is_shared_and_the_rest_exclusive() -> None:
    said = [sentence("a", 0, BRIDGE), sentence("a", 1, CRACKS), sentence("b", 0, BRIDGE_TOO),
            sentence("b", 3, FERRY)]  # fmt: skip
    bridge, *others = found(said, 2)
    assert (bridge.outlets, bridge.sources, bridge.exclusive) == (("a", "b"), 2, False)
    assert {(f.outlets, f.exclusive) for f in others} == {(("a",), True), (("b",), True)}


def test_copies_print_a_fact_but_are_one_source() -> None:
    said = [sentence("wire", 0, BRIDGE), sentence("a", 0, BRIDGE, "wire-1"),
            sentence("b", 2, BRIDGE, "wire-1")]  # fmt: skip
    (one,) = found(said, 3)
    assert (one.outlets, one.sources, one.exclusive) == (("a", "b", "wire"), 1, False)
    assert one.sentences[0].article == "wire-1"


def test_who_comes_near_in_a_quotation_told_it_and_nobody_is_alone_beside_something_close() -> None:
    quoted = replace(sentence("b", 4, BRIDGE_TOO), factual=False)
    kept = nodes([sentence("a", 0, BRIDGE), quoted])
    vectors = np.eye(2, dtype=np.float32)
    (aside,) = align(kept, vectors, 2, replace(WORDS, near=0.5))
    assert (aside.outlets, aside.asides, aside.exclusive) == (("a", "b"), (quoted,), False)
    (close,) = align(kept, vectors, 2, replace(WORDS, alone=0.5))
    assert (close.outlets, close.asides, close.exclusive) == (("a",), (), False)
    (worded,) = align(kept, vectors, 2, WORDS)  # not alike, but most of its words are there
    assert (worded.outlets, worded.exclusive) == (("a",), False)
    other = replace(sentence("b", 4, "Farmers near Albi want more rain."), factual=False)
    (alone,) = align(nodes([sentence("a", 0, BRIDGE), other]), vectors, 2, WORDS)
    assert alone.exclusive


def test_ten_thousand_copies_are_one_wording() -> None:
    said = [sentence(f"o{n}", 0, BRIDGE, "o0-1") for n in range(10_000)]
    (one,) = found(said, 10_000)
    assert (len(one.outlets), one.sources) == (10_000, 1)


def test_nothing_is_exclusive_where_nobody_else_covered_it() -> None:
    assert [f.exclusive for f in found([sentence("a", 0, BRIDGE)], 1)] == [False]


def test_no_sentences_and_short_ones_make_no_fact() -> None:
    assert found([], 2) == []
    assert found([sentence("a", 0, "He declined."), sentence("a", 1, "")], 2) == []


def test_the_order_of_sentences_changes_nothing() -> None:
    said = [sentence(o, n, t) for o in "abc" for n, t in enumerate((BRIDGE, CRACKS, FERRY))]
    said += [sentence("d", 0, BRIDGE_TOO)]
    assert found(said, 4) == found(said[::-1], 4)


def test_beyond_the_limit_openings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_SENTENCES", 2)
    said = [sentence("a", 5, CRACKS), sentence("a", 0, BRIDGE), sentence("b", 1, FERRY)]
    assert [n.text for n in nodes(said)] == [BRIDGE, FERRY]


def test_groups_are_not_chained_by_one_pair() -> None:
    chances = np.array([[1, 0.9, 0.0], [0.9, 1, 0.6], [0.0, 0.6, 1]])
    assert groups(chances, 0.5) == [[0, 1], [2]]


def test_a_model_for_other_features_is_refused() -> None:
    assert pairing.shipped("facts", facts.FEATURES).least > 0
    with pytest.raises(Misconfigured, match="other features") as error:
        pairing.shipped("facts", ("vectors",))
    assert error.value.code == "state-model-stale"
