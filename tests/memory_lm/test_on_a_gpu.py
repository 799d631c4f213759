"""The encoder and the side network on a real card: `make test-gpu`. Skipped by name without one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memory_lm import spans
from memory_lm.backbone import Backbone

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
TEXTS = [
    ("Council votes on the bridge", "The council voted on Tuesday to close it. " * 20),
    ("", "x"),
]


def test_chunks_of_the_card_are_those_of_the_processor() -> None:
    here, there = Backbone.load("cpu"), Backbone.load("cuda")
    for one, other in zip(spans.encode(here, TEXTS), spans.encode(there, TEXTS), strict=True):
        np.testing.assert_allclose(one.keys, other.keys, atol=2e-4)
        np.testing.assert_allclose(one.spans, other.spans, atol=5e-3)
        assert one.texts == other.texts
    np.testing.assert_allclose(here.embed(["a b c"]), there.embed(["a b c"]), atol=2e-4)
