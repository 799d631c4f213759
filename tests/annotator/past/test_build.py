"""From rows to all that is trained on and judged: what reaches which part, and what never does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotator import masking
from annotator.codebook.loader import load as load_codebook
from annotator.heads.rows import Row
from annotator.past import build, corpus
from annotator.past.networks import Corpora
from memory_lm import spans
from memory_lm.batches import ABSENT
from memory_lm.side import QUERIES

pytestmark = pytest.mark.usefixtures("backbone")  # read from the disk once

STORM = "A storm closed the ferry port of Marrow Bay on the north coast and 40 boats were lost."
MARKET = "Prices at the fish market rose again as the fleet stayed in the harbour for a third week."


def row(title: str, text: str, *, labels: dict[str, int], **about: Any) -> Row:
    return Row(
        title=title, text=text, labels=labels, masked=(masking.mask(title), masking.mask(text)), **about
    )  # fmt: skip


ROWS = [
    row("Storm shuts the port", STORM, group="ledger.example", fold=0, date="2018-01-01",
        labels={"lean": 0, "topic": 3, "news_type": 1}),
    row("Port of Marrow Bay shut", STORM + " The mayor spoke.", group="courier.example", fold=1,
        date="2018-01-03", labels={"lean": 2}),
    row("Fish dearer", (MARKET + " ") * 20, group="ledger.example", fold=0, date="2018-01-04",
        labels={"lean": 0, "topic": 1}, whole=False),
    row("Fish dearer still", (MARKET + " ") * 20, group="herald.example", fold=2, date=None,
        labels={"lean": 1}),
    row("", MARKET, group="doc-1", fold=3, labels={"tone": 2}, valence=1.5),
    row("", STORM, group="newsmtsc", fold=-1, labels={"tone": 0}, weight=0.1),
]  # fmt: skip


@pytest.fixture(scope="module")
def data() -> Corpora:
    return build.corpora(ROWS, None)


def test_only_dated_articles_read_whole_are_judged(data: Corpora) -> None:
    assert data.judged.tolist() == [True, True, False, False, False, False]
    assert data.is_article.tolist() == [True, True, True, True, False, False]
    assert data.fold.tolist() == [0, 1, 0, 2, 3, -1]
    assert data.outlet[0] == data.outlet[2]
    assert len(set(data.outlet.tolist())) == 5


def test_articles_that_are_not_read_whole_have_one_chunk(data: Corpora) -> None:
    whole, first = data.corpus.lengths(np.array([3, 2]))
    assert whole > spans.SPANS
    assert first <= spans.SPANS
    assert len(data.corpus.spans) == data.corpus.first[-1]
    assert (data.corpus.lengths(np.arange(len(ROWS))) > 0).all()
    assert data.corpus.spans.astype(np.float32).any(axis=(1, 2)).all()


def test_the_shelf_and_the_memory_hold_dated_articles_only(data: Corpora) -> None:
    assert data.shelf.chunk.tolist() == [0, 1, 2]
    assert data.shelf.outlet.tolist() == data.outlet[:3].tolist()
    found = [set(line[line != ABSENT].tolist()) for line in data.near.found]
    assert found == [set(), {0}, {0, 1}, set(), set(), set()]
    # A remembered span is the last layer: the sum of its parts.
    own = data.corpus.spans[: data.corpus.lengths(np.array([0]))[0]].astype(np.float32).sum(1)
    np.testing.assert_allclose(data.near.values[0][: len(own)], own, atol=2e-2)
    assert set(data.near.states) == {"delta", "hebbian"}


def test_labels_reach_the_targets_alone(data: Corpora) -> None:
    other = [replace(one, labels=dict.fromkeys(one.labels, 0), valence=None) for one in ROWS]
    blind = build.corpora(other, None)
    for name, array in data.past.arrays().items():
        np.testing.assert_array_equal(array, blind.past.arrays()[name], err_msg=name)
    for name in ("keys", "values", "found", "age_h", "rank", "same_event", "same_outlet"):
        np.testing.assert_array_equal(getattr(data.near, name), getattr(blind.near, name))
    np.testing.assert_array_equal(data.corpus.spans, blind.corpus.spans)
    assert not np.array_equal(data.targets.classes["lean"], blind.targets.classes["lean"])


def test_targets_are_absent_where_unknown(data: Corpora) -> None:
    told = data.targets
    assert told.classes["lean"].tolist() == [0, 2, 0, 1, ABSENT, ABSENT]
    assert told.classes["topic"].tolist() == [3, ABSENT, 1, ABSENT, ABSENT, ABSENT]
    assert told.classes["tone"].tolist() == [ABSENT] * 4 + [2, 0]
    np.testing.assert_array_equal(told.valence, [np.nan] * 4 + [1.5, np.nan])
    assert set(told.weights) == set(QUERIES)
    # Two articles of one outlet weigh less than two of two outlets.
    lean = told.weights["lean"]
    assert lean[0] == lean[2] < lean[1]
    assert (told.weights["tone"][4:] < 1).all()


def test_outputs_are_the_codebooks_classes_and_the_valence() -> None:
    questions = load_codebook().questions
    assert corpus.outputs() == {
        q: len(questions[q].label_ids) + (1 if q == "tone" else 0) for q in QUERIES
    }


def test_a_past_is_kept_and_another_is_told_when_what_it_is_made_of_changes(
    tmp_path: Path, data: Corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    real = build.replay

    def counted(*args: Any) -> Any:
        told.append(1)
        return real(*args)

    monkeypatch.setattr(build, "replay", counted)
    kept = [build.corpora(ROWS, tmp_path) for _ in range(2)]
    assert len(told) == 1
    for one in kept:
        for name, array in data.past.arrays().items():
            np.testing.assert_array_equal(array, one.past.arrays()[name], err_msg=name)
    later = [replace(ROWS[0], date="2018-01-02"), *ROWS[1:]]
    assert build.corpora(later, tmp_path).past.day[0] == data.past.day[0] + 1
    assert len(told) == 2
    moved = [replace(ROWS[0], group="courier.example"), *ROWS[1:]]
    assert build.corpora(moved, tmp_path).near.same_outlet[1].any()
    assert len(told) == 3
