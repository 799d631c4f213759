"""The side network: what each label query may see, and that it learns what it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from memory_lm import side, train
from memory_lm.backbone import WIDTH
from memory_lm.batches import ABSENT, Corpus, Neighbours, Terms, predict, states
from memory_lm.reader import SPANS_MAX, Memory, ReaderName
from memory_lm.recall import CHUNKS_READ
from memory_lm.side import HEADS, QUERIES, SIDE_WIDTH, Shape, SideNetwork
from memory_lm.spans import PARTS, SPANS

OUTPUTS = {"lean": 3, "tone": 4, "topic": 5, "news_type": 2}
READERS: tuple[ReaderName, ...] = ("lla", "softmax", "linear")
LEAN = QUERIES.index("lean")


def network(reader: ReaderName = "lla", **shape) -> SideNetwork:
    torch.manual_seed(0)
    return SideNetwork(Shape(outputs=OUTPUTS, reader=reader, **shape)).eval()


def article(spans: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(2, spans, PARTS, WIDTH), torch.ones(2, spans, dtype=torch.bool)


def remembered(shown: torch.Tensor | None = None, seed: int = 2) -> Memory:
    torch.manual_seed(seed)
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


@pytest.mark.parametrize("fusion", ["joint", "gate"])
@pytest.mark.parametrize("reader", READERS)
def test_what_is_hidden_from_lean_reaches_lean_by_no_way(reader: ReaderName, fusion) -> None:
    """Not over what the other queries read of it either: three layers later it is not there."""
    model = network(reader, fusion=fusion)
    shown = torch.ones(2, HEADS, len(QUERIES), 8, dtype=torch.bool)
    shown[:, :, LEAN] = False
    with torch.no_grad():
        without = model(*article())
        one, two = (model(*article(), remembered(shown, seed)) for seed in (2, 3))
        louder = replace(remembered(shown), values=1000 * remembered().values)
        loud = model(*article(), louder)
        open_to_all = model(*article(), remembered())
    # The numerical origin of LLA's keys is a mean of all of them: so keys show in the last digit.
    for found in (one, two):
        torch.testing.assert_close(found["lean"], without["lean"], atol=2e-6, rtol=1e-5)
    assert torch.equal(loud["lean"], one["lean"])
    for query in QUERIES[1:]:
        assert (one[query] - without[query]).abs().max() > 1e-3
    assert (open_to_all["lean"] - without["lean"]).abs().max() > 1e-3


def test_a_query_reads_itself_and_the_text_and_the_text_reads_no_query() -> None:
    """With more layers after the one that remembers, the text would carry memory to lean."""
    present = torch.tensor([[True, True, False], [False, False, False]])
    may_read = side._reading(present)[:, 0] == 0
    itself = torch.eye(len(QUERIES), dtype=torch.bool)
    for of_article, text in zip(may_read, ([True, True, False], [True, False, False]), strict=True):
        assert torch.equal(of_article[: len(QUERIES), : len(QUERIES)], itself)
        assert not of_article[len(QUERIES) :, : len(QUERIES)].any()
        assert of_article[:, len(QUERIES) :].tolist() == [text] * (len(QUERIES) + 3)


@pytest.mark.parametrize("reader", READERS)
def test_an_empty_memory_is_no_memory(reader: ReaderName) -> None:
    spans, present = article()
    none = torch.zeros(2, HEADS, len(QUERIES), 8, dtype=torch.bool)
    model = network(reader)
    with torch.no_grad():
        without, empty = model(spans, present), model(spans, present, remembered(none))
    for q in QUERIES:
        torch.testing.assert_close(without[q], empty[q], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("reader", READERS)
def test_an_article_without_spans_is_read_the_same_beside_any_other(reader: ReaderName) -> None:
    spans, present = article()
    present[0] = False
    model = network(reader)
    with torch.no_grad():
        alone = model(spans[:1, :1], present[:1, :1])
        beside = model(spans, present)
        reminded = model(spans, present, remembered())
    for query in QUERIES:
        assert torch.isfinite(reminded[query]).all()
        torch.testing.assert_close(beside[query][:1], alone[query], atol=1e-5, rtol=1e-4)
        assert (reminded[query][0] - beside[query][0]).abs().max() > 1e-3


def corpus(articles: int = 160) -> tuple[Corpus, train.Targets]:
    """Articles whose news type stands in the third layer's first direction of one span."""
    random = np.random.default_rng(0)
    lengths = random.integers(1, 5, articles)
    first = np.cumsum([0, *lengths])
    spans = random.normal(size=(first[-1], PARTS, WIDTH)).astype(np.float16)
    kind = random.integers(0, 2, articles)
    spans[first[:-1], 2, :8] += 6 * (2 * kind[:, None] - 1)
    return Corpus(spans=spans, first=first), kinds_of(kind)


def kinds_of(kind: np.ndarray) -> train.Targets:
    unknown = np.full(len(kind), ABSENT)
    return train.Targets(
        classes={"lean": unknown, "tone": unknown, "topic": unknown, "news_type": kind},
        valence=np.full(len(kind), np.nan),
        weights=dict.fromkeys(QUERIES, np.ones(len(kind))),
    )


def test_training_learns_what_one_layer_knows_and_is_repeatable() -> None:
    data, targets = corpus()
    rows, held = np.arange(120), np.arange(120, 160)
    recipe = train.Recipe(epochs=6, batch=16)
    shape = Shape(outputs=OUTPUTS, reader="softmax", dropout=0.1)
    one, two = (train.fit(data, targets, rows, shape, recipe) for _ in range(2))
    guess = predict(one, data, held)["news_type"]
    assert (guess.argmax(1) == targets.classes["news_type"][held]).mean() > 0.9
    np.testing.assert_array_equal(guess, predict(two, data, held)["news_type"])


def test_shuffled_labels_teach_nothing() -> None:
    """The negative control of the test above."""
    data, targets = corpus()
    shuffled = np.random.default_rng(3).permutation(targets.classes["news_type"])
    wrong = replace(targets, classes={**targets.classes, "news_type": shuffled})
    shape = Shape(outputs=OUTPUTS, reader="softmax", dropout=0.1)
    model = train.fit(data, wrong, np.arange(120), shape, train.Recipe(epochs=6, batch=16))
    guess = predict(model, data, np.arange(120, 160))["news_type"].argmax(1)
    assert (guess == targets.classes["news_type"][120:]).mean() < 0.8


def test_articles_without_a_label_teach_nothing() -> None:
    data, targets = corpus(40)
    unknown = replace(targets, classes=dict.fromkeys(QUERIES, np.full(40, ABSENT)))
    shape, rows = Shape(outputs=OUTPUTS, reader="softmax"), np.arange(40)
    recipe = train.Recipe(epochs=1, batch=16, decay=0.0)
    learned = train.fit(data, unknown, rows, shape, recipe).state_dict()
    torch.manual_seed(recipe.seed)
    for name, weight in SideNetwork(shape).state_dict().items():
        assert torch.equal(learned[name], weight), name


def past_of(articles: int = 4, seed: int = 0, **changes) -> Neighbours:
    """Chunks enough for all; each article found two, the first from its own outlet."""
    random = np.random.default_rng(seed)
    near = Neighbours(
        keys=random.normal(size=(8, WIDTH)).astype(np.float16),
        values=random.normal(size=(8, SPANS, WIDTH)).astype(np.float16),
        found=np.stack([[2 * i % 8, (2 * i + 1) % 8] for i in range(articles)]),
        age_h=np.tile([3.0, 48.0], (articles, 1)),
        rank=np.tile([0.0, 2.0], (articles, 1)),
        same_event=np.tile([-1.5, 4.0], (articles, 1)),
        same_outlet=np.tile([True, False], (articles, 1)),
        states={
            "delta": random.normal(size=(articles, SPANS, WIDTH)).astype(np.float16),
            "hebbian": random.normal(size=(articles, SPANS, WIDTH)).astype(np.float16),
        },
    )
    return replace(near, **changes)


def read(near: Neighbours, rows=(0, 1, 2, 3), seen=None, terms: Terms | None = None) -> Memory:
    at = np.array(rows)
    eyes = np.ones(len(at), np.bool_) if seen is None else np.array(seen)
    return near.memory(at, eyes, terms or Terms())


def shown_spans(memory: Memory) -> list[list[int]]:
    """How many spans each query of each article is shown; all heads are shown the same."""
    assert memory.shown is not None
    assert (memory.shown == memory.shown[:, :1]).all()
    counts: list[list[int]] = memory.shown[:, 0].sum(-1).tolist()
    return counts


def test_memory_hides_the_own_outlet_from_lean_alone() -> None:
    found = np.array([[0, 1], [2, ABSENT], [0, 2], [ABSENT, ABSENT]])
    memory = read(past_of(found=found))
    lean, *others = np.array(shown_spans(memory)).T.tolist()
    assert lean == [SPANS, 0, SPANS, 0]
    assert others == [[2 * SPANS, SPANS, 2 * SPANS, 0]] * (len(QUERIES) - 1)
    assert memory.shown is not None
    assert not memory.shown[:, :, LEAN, :SPANS].any()


def test_memory_is_the_chunks_found_and_what_is_known_of_them() -> None:
    near = past_of()
    memory = read(near, rows=(2, 0))
    for i, row in enumerate((2, 0)):
        values = near.values[near.found[row]].astype(np.float32)
        keys = values + near.keys[near.found[row]].astype(np.float32)[:, None]
        np.testing.assert_array_equal(memory.values[i], values.reshape(-1, WIDTH))
        np.testing.assert_array_equal(memory.keys[i], keys.reshape(-1, WIDTH))
    for told, expected in (
        (memory.age_h, [3.0, 48.0]), (memory.rank, [0.0, 2.0]), (memory.same_event, [-1.5, 4.0]),
    ):  # fmt: skip
        assert told is not None
        assert told.tolist() == [[np.repeat(expected, SPANS).tolist()]] * 2


def test_spans_that_a_chunk_does_not_have_are_hidden() -> None:
    near = past_of()
    near.values[near.found[1, 1], 1:] = 0
    assert shown_spans(read(near))[1] == [1, SPANS + 1, SPANS + 1, SPANS + 1]
    memory = read(near)
    assert memory.shown is not None
    assert memory.shown[1, 0, -1].tolist() == [True] * SPANS + [True, False, False, False]


@pytest.mark.parametrize("state", [None, "delta", "hebbian"])
def test_who_is_not_to_see_sees_nothing(state) -> None:
    seen = [True, False, True, False]
    shown = shown_spans(read(past_of(), seen=seen, terms=Terms(state=state)))
    assert [any(counts) for counts in shown] == seen


def test_a_gap_among_the_found_hides_none_of_the_others() -> None:
    """A chunk that was forgotten meanwhile leaves its place empty."""
    found = np.array([[ABSENT, 1], [ABSENT, 3]])
    assert shown_spans(read(past_of(2, found=found), rows=(0, 1))) == [[SPANS] * 4] * 2


def test_terms_leave_out_what_they_name() -> None:
    def told(terms: Terms) -> list[bool]:
        memory = read(past_of(), terms=terms)
        return [x is not None for x in (memory.age_h, memory.rank, memory.same_event)]

    assert told(Terms()) == [True, True, True]
    assert told(Terms(age=False)) == [False, True, True]
    assert told(Terms(links=False)) == [True, False, False]
    assert told(Terms(age=False, links=False)) == [False, False, False]


@pytest.mark.parametrize("state", [None, "delta"])
def test_queries_that_are_not_named_read_nothing(state) -> None:
    shown = shown_spans(read(past_of(), terms=Terms(queries=("topic",), state=state)))
    named = [query == "topic" for query in QUERIES]
    assert [[count > 0 for count in counts] for counts in shown] == [named] * 4


@pytest.mark.parametrize("rule", ["delta", "hebbian"])
def test_the_state_of_the_event_is_read_last_and_never_by_lean(rule) -> None:
    near = past_of()
    near.states[rule][2] = 0
    near.states[rule][3, 1:] = 0
    memory = read(near, terms=Terms(state=rule))
    answers = near.states[rule].astype(np.float32)
    np.testing.assert_array_equal(memory.values[:, 2 * SPANS :], answers)
    np.testing.assert_array_equal(memory.keys[:, 2 * SPANS :], answers)
    for told in (memory.age_h, memory.rank, memory.same_event):
        assert told is not None
        assert not told[..., 2 * SPANS :].any()
    assert memory.shown is not None
    state = memory.shown[..., 2 * SPANS :]
    assert not state[:, :, LEAN].any()
    assert state[:, 0, LEAN + 1].sum(-1).tolist() == [SPANS, SPANS, 0, 1]
    assert memory.shown[:, 0, LEAN, : 2 * SPANS].sum(-1).tolist() == [SPANS] * 4


def test_with_a_state_one_chunk_less_is_read() -> None:
    random = np.random.default_rng(0)
    table = {what: random.random((2, CHUNKS_READ)) for what in ("age_h", "rank", "same_event")}
    near = past_of(
        2, found=random.integers(0, 8, (2, CHUNKS_READ)),
        same_outlet=np.zeros((2, CHUNKS_READ), np.bool_), **table,
    )  # fmt: skip
    plain, with_state = (read(near, (0, 1), terms=Terms(state=s)) for s in (None, "delta"))
    assert shown_spans(plain) == [[SPANS_MAX] * 4] * 2
    assert shown_spans(with_state) == [[SPANS_MAX - SPANS, *[SPANS_MAX] * 3]] * 2
    kept = SPANS * (CHUNKS_READ - 1)
    assert torch.equal(with_state.values[:, :kept], plain.values[:, :kept])
    data, _ = corpus(2)
    found = predict(network(), data, np.arange(2), near, Terms(state="delta"))
    assert all(np.isfinite(outputs).all() for outputs in found.values())


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("state", [None, "delta"])
def test_shut_gates_give_what_no_memory_gives(reader: ReaderName, state) -> None:
    data, _ = corpus(4)
    model, rows, near = network(reader), np.arange(4), past_of()
    without = predict(model, data, rows)
    shut = predict(model, data, rows, near, Terms(queries=(), state=state))
    one_open = predict(model, data, rows, near, Terms(queries=("tone",), state=state))
    for query in QUERIES:
        np.testing.assert_allclose(shut[query], without[query], atol=1e-5, rtol=1e-4)
        moved = np.abs(one_open[query] - without[query]).max()
        assert moved > 1e-3 if query == "tone" else moved < 1e-5


def test_the_own_outlets_past_and_the_events_state_do_not_move_lean() -> None:
    data, _ = corpus(4)
    model, rows, terms = network(), np.arange(4), Terms(state="delta")
    own = past_of(same_outlet=np.ones((4, 2), np.bool_))
    without = predict(model, data, rows)
    found = predict(model, data, rows, own, terms)
    np.testing.assert_allclose(found["lean"], without["lean"], atol=1e-5, rtol=1e-4)
    assert np.abs(found["topic"] - without["topic"]).max() > 1e-3
    others = replace(own, same_outlet=~own.same_outlet)
    moved = predict(model, data, rows, others, terms)["lean"]
    assert np.abs(moved - without["lean"]).max() > 1e-3


def test_each_article_is_read_as_if_alone() -> None:
    """Texts of many lengths with and without a past, in one batch and in any order."""
    data, _ = corpus(6)
    first = np.append(data.first, data.first[-1])  # the seventh has no span
    data = replace(data, first=first)
    found = np.array([[0, 1], [2, ABSENT], [ABSENT, ABSENT], [3, 4], [5, 6], [7, 0], [1, 2]])
    near, model = past_of(7, found=found), network()
    rows = np.array([6, 3, 0, 2, 5, 1, 4])
    together, held = predict(model, data, rows, near), states(model, data, rows, near)
    assert held.shape == (7, len(QUERIES), SIDE_WIDTH)
    for at, row in enumerate(rows):
        alone = predict(model, data, rows[at : at + 1], near)
        [state] = states(model, data, rows[at : at + 1], near)
        np.testing.assert_allclose(held[at], state, atol=1e-4, err_msg=str(row))
        for query in QUERIES:
            np.testing.assert_allclose(together[query][at], alone[query][0], atol=1e-4)


ARTICLES, TRAINED = 200, 140


def told_by_the_past() -> tuple[Corpus, train.Targets, Neighbours]:
    """Eight texts that anyone may have; the news type stands in the remembered chunk alone."""
    random = np.random.default_rng(0)
    texts = random.normal(size=(8, PARTS, WIDTH)).astype(np.float16)
    kind = np.arange(ARTICLES) % 2
    sides = random.normal(size=(2, WIDTH))
    noise = random.normal(size=(ARTICLES, SPANS, WIDTH))
    table = (ARTICLES, 1)
    nothing = np.zeros((ARTICLES, SPANS, WIDTH), np.float16)
    near = Neighbours(
        keys=random.normal(size=(ARTICLES, WIDTH)).astype(np.float16),
        values=(sides[kind][:, None] + noise / 2).astype(np.float16),
        found=np.arange(ARTICLES)[:, None],
        age_h=np.full(table, 5.0),
        rank=np.zeros(table),
        same_event=np.zeros(table),
        same_outlet=np.ones(table, np.bool_),
        states={"delta": nothing, "hebbian": nothing},
    )
    spans = texts[random.integers(0, 8, ARTICLES)]
    return Corpus(spans=spans, first=np.arange(ARTICLES + 1)), kinds_of(kind), near


def test_what_stands_in_the_past_alone_is_learned_with_memory_and_never_without() -> None:
    data, targets, near = told_by_the_past()
    rows, held = np.arange(TRAINED), np.arange(TRAINED, ARTICLES)
    kind = targets.classes["news_type"][held]
    recipe = train.Recipe(epochs=5, batch=16)
    shape = Shape(outputs=OUTPUTS, dropout=0.0)

    def right(model: SideNetwork, past: Neighbours | None, terms: Terms | None = None) -> float:
        guess = predict(model, data, held, past, terms)["news_type"].argmax(1)
        return float((guess == kind).mean())

    reminded = train.fit(data, targets, rows, shape, recipe, near)
    unreminded = train.fit(data, targets, rows, shape, recipe)
    others = replace(near, found=np.random.default_rng(1).permutation(near.found))
    by_chance = (
        right(unreminded, None), right(reminded, None), right(reminded, others),
        right(reminded, near, Terms(queries=("lean",))),
    )  # fmt: skip
    assert right(reminded, near) > 0.9
    assert all(0.3 < share < 0.7 for share in by_chance), by_chance
