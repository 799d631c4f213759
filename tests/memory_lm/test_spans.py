"""Spans of articles: cut, pooled and keyed by the real encoder."""

from __future__ import annotations

import numpy as np
import pytest

from memory_lm import spans
from memory_lm.backbone import WIDTH, Backbone

LONG = "The committee voted to close the old mill on the river. " * 200


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone.load()


def test_a_long_text_gives_the_leading_chunks_and_each_carries_the_headline(
    backbone: Backbone,
) -> None:
    [found] = spans.encode(backbone, [("Mill to close", LONG)])
    assert found.keys.shape == (spans.CHUNKS_MAX, WIDTH)
    assert found.spans.shape == (spans.CHUNKS_MAX, spans.SPANS, spans.PARTS, WIDTH)
    assert found.present.all()
    assert (
        "".join(found.texts).replace(" ", "")
        == LONG[: len("".join(found.texts)) + 3].replace(" ", "")[
            : len("".join(found.texts).replace(" ", ""))
        ]
    )
    np.testing.assert_allclose(np.linalg.norm(found.keys, axis=1), 1, rtol=1e-5)


def test_a_short_text_is_one_chunk_whose_key_is_the_sentence_vector(backbone: Backbone) -> None:
    [found] = spans.encode(backbone, [("Mill to close", "The vote was close.")])
    [vector] = backbone.embed(["Mill to close The vote was close."])
    np.testing.assert_allclose(found.keys[0] @ vector, 1, atol=1e-5)
    assert found.present.tolist() == [[True, False, False, False]]
    assert not found.spans[0, 1:].any()


def test_parts_add_up_to_the_last_layer(backbone: Backbone) -> None:
    [found] = spans.encode(backbone, [("", "The vote was close.")])
    hidden, mask = backbone.encode(["The vote was close."])
    last = hidden[0, -1][mask[0]].mean(0).numpy()
    np.testing.assert_allclose(found.values[0, 0].astype(np.float32), last, atol=5e-3)


def test_empty_parts_are_named_by_their_absence(backbone: Backbone) -> None:
    nothing, headline, text = spans.encode(backbone, [("", ""), ("Mill", ""), ("", "Mill")])
    assert len(nothing.keys) == 0
    assert headline.texts == ("",)
    assert text.texts == ("Mill",)
    np.testing.assert_allclose(headline.keys[0] @ text.keys[0], 1, atol=1e-5)


def test_neighbours_in_a_batch_have_no_say(backbone: Backbone) -> None:
    [alone] = spans.encode(backbone, [("Mill", "It closed.")])
    [_, beside] = spans.encode(backbone, [("Other", LONG), ("Mill", "It closed.")])
    np.testing.assert_allclose(alone.keys, beside.keys, atol=1e-5)
    np.testing.assert_allclose(
        alone.spans.astype(np.float32), beside.spans.astype(np.float32), atol=2e-3
    )


def test_sixty_thousand_words_cost_no_more_than_the_leading_chunks(backbone: Backbone) -> None:
    [found] = spans.encode(backbone, [("Mill", "word " * 60_000)])
    assert len(found.keys) == spans.CHUNKS_MAX
