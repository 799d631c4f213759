"""The side network: what each label query may see, and that it learns what it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from memory_lm import train
from memory_lm.backbone import WIDTH
from memory_lm.reader import Memory, ReaderName
from memory_lm.side import HEADS, QUERIES, Shape, SideNetwork
from memory_lm.spans import PARTS, SPANS

OUTPUTS = {"lean": 3, "tone": 4, "topic": 5, "news_type": 2}
READERS: tuple[ReaderName, ...] = ("lla", "softmax", "linear")


def network(reader: ReaderName = "lla") -> SideNetwork:
    torch.manual_seed(0)
    return SideNetwork(Shape(outputs=OUTPUTS, reader=reader)).eval()


def article(spans: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(2, spans, PARTS, WIDTH), torch.ones(2, spans, dtype=torch.bool)


def remembered(shown: torch.Tensor | None = None) -> Memory:
    torch.manual_seed(2)
    return Memory(keys=torch.randn(2, 8, WIDTH), values=torch.randn(2, 8, WIDTH), shown=shown)


def test_about_nine_hundred_thousand_parameters() -> None:
    assert 0.85e6 < sum(p.numel() for p in network().parameters()) < 1.0e6


@pytest.mark.parametrize("reader", READERS)
def test_a_row_of_outputs_for_each_query(reader: ReaderName) -> None:
    found = network(reader)(*article(), remembered())
    assert {q: tuple(x.shape) for q, x in found.items()} == {q: (2, OUTPUTS[q]) for q in QUERIES}


def test_absent_spans_have_no_say() -> None:
    spans, present = article()
    present[:, 4:] = False
    other = spans.clone()
    other[:, 4:] = 7.0
    with torch.no_grad():
        one, two = (network()(x, present)["topic"] for x in (spans, other))
    torch.testing.assert_close(one, two)


@pytest.mark.parametrize("reader", READERS)
def test_a_memory_hidden_from_lean_moves_the_other_labels_only_through_themselves(
    reader: ReaderName,
) -> None:
    """The state of the lean query right after it read is that of an empty memory."""
    model = network(reader)
    shown = torch.ones(2, HEADS, len(QUERIES), 8, dtype=torch.bool)
    shown[:, :, QUERIES.index("lean")] = False
    ask = torch.randn(2, len(QUERIES), 128)
    local, bias = torch.randn(2, 6, 128), torch.zeros(2, 1, 1, 6)
    read = model.layers[1].labels
    with torch.no_grad():
        without = read(ask, local, None, local_bias=bias)
        with_memory = read(ask, local, remembered(shown), local_bias=bias)
    lean = QUERIES.index("lean")
    torch.testing.assert_close(with_memory[:, lean], without[:, lean], atol=1e-5, rtol=1e-4)
    others = [i for i in range(len(QUERIES)) if i != lean]
    assert (with_memory[:, others] - without[:, others]).abs().max() > 1e-4


def test_an_empty_memory_is_no_memory() -> None:
    spans, present = article()
    none = torch.zeros(2, HEADS, len(QUERIES), 8, dtype=torch.bool)
    with torch.no_grad():
        without, empty = network()(spans, present), network()(spans, present, remembered(none))
    for q in QUERIES:
        torch.testing.assert_close(without[q], empty[q], atol=1e-5, rtol=1e-4)


def corpus(articles: int = 160) -> tuple[train.Corpus, train.Targets]:
    """Articles whose news type stands in the third layer's first direction of one span."""
    random = np.random.default_rng(0)
    lengths = random.integers(1, 5, articles)
    first = np.cumsum([0, *lengths])
    spans = random.normal(size=(first[-1], PARTS, WIDTH)).astype(np.float16)
    kind = random.integers(0, 2, articles)
    spans[first[:-1], 2, :8] += 6 * (2 * kind[:, None] - 1)
    unknown = np.full(articles, train.ABSENT)
    ones = np.ones(articles)
    return train.Corpus(spans=spans, first=first), train.Targets(
        classes={"lean": unknown, "tone": unknown, "topic": unknown, "news_type": kind},
        valence=np.full(articles, np.nan),
        weights=dict.fromkeys(QUERIES, ones),
    )


def test_training_learns_what_one_layer_knows_and_is_repeatable() -> None:
    data, targets = corpus()
    rows, held = np.arange(120), np.arange(120, 160)
    recipe = train.Recipe(epochs=6, batch=16)
    shape = Shape(outputs=OUTPUTS, reader="softmax", dropout=0.1)
    one, two = (train.fit(data, targets, rows, shape, recipe) for _ in range(2))
    guess = train.predict(one, data, held)["news_type"]
    assert (guess.argmax(1) == targets.classes["news_type"][held]).mean() > 0.9
    np.testing.assert_array_equal(guess, train.predict(two, data, held)["news_type"])


def test_shuffled_labels_teach_nothing() -> None:
    """The negative control of the test above."""
    data, targets = corpus()
    shuffled = np.random.default_rng(3).permutation(targets.classes["news_type"])
    wrong = replace(targets, classes={**targets.classes, "news_type": shuffled})
    shape = Shape(outputs=OUTPUTS, reader="softmax", dropout=0.1)
    model = train.fit(data, wrong, np.arange(120), shape, train.Recipe(epochs=6, batch=16))
    guess = train.predict(model, data, np.arange(120, 160))["news_type"].argmax(1)
    assert (guess == targets.classes["news_type"][120:]).mean() < 0.8


def test_memory_of_a_batch_hides_the_own_outlet_from_lean_alone() -> None:
    data, _ = corpus(4)
    near = train.Neighbours(
        keys=np.ones((3, WIDTH), np.float16),
        values=np.ones((3, SPANS, WIDTH), np.float16),
        found=np.array([[0, 1], [2, train.ABSENT], [0, 2], [train.ABSENT, train.ABSENT]]),
        age_h=np.ones((4, 2)),
        same_outlet=np.array([[True, False]] * 4),
    )
    memory = replace(data, neighbours=near).memory(np.arange(4))
    assert memory is not None
    assert memory.shown is not None
    shown = memory.shown[:, 0].sum(-1)
    lean, topic = QUERIES.index("lean"), QUERIES.index("topic")
    assert shown[:, lean].tolist() == [SPANS, 0, SPANS, 0]
    assert shown[:, topic].tolist() == [2 * SPANS, SPANS, 2 * SPANS, 0]
