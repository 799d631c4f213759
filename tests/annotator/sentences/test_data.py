from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest

from annotator.sentences import card, data, measure
from annotator.sentences.labels import LABELS


def rows(path: object) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:  # type: ignore[call-overload]  # noqa: PTH123
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("path", [data.RATED_PATH, data.WRITTEN_PATH])
def test_training_labels_are_labels_and_every_class_has_some(path: object) -> None:
    found = rows(path)
    for name, ids in LABELS.items():
        counted = Counter(row[name] for row in found)
        assert set(counted) == set(ids)


def test_rated_sentences_are_named_once_and_carry_no_text() -> None:
    found = rows(data.RATED_PATH)
    assert set(found[0]) == {"article", "sentence", "sha256", "type", "tone", "focus"}
    assert len({(row["article"], row["sentence"]) for row in found}) == len(found)


def test_what_is_measured_on_is_not_trained_on() -> None:
    assert not set(measure.TUNED_ON) & set(measure.REPORTED)


def test_a_text_cut_off_loses_its_last_sentence() -> None:
    whole = "The bus left at noon. " * 150
    assert data.split("One. Two three four.") == ["One.", "Two three four."]
    assert data.split(whole[:2600])[-1] == "The bus left at noon."


def test_scores_by_hand() -> None:
    truth = np.array([0, 1, 1, 1])
    p = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.2, 0.8, 0], [0.6, 0.4, 0]])
    found = measure.scored("tone", truth, p, np.array(["a", "a", "b", "b"]))
    assert found["accuracy"] == 0.75
    assert found["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2, abs=1e-4)
    assert found["constant"] == {"label": "neutral", "accuracy": 0.75, "macro_f1": 0.4286}
    assert found["confusion_true_by_predicted"] == [[1, 0, 0], [1, 2, 0], [0, 0, 0]]
    assert found["f1_by_label"]["positive"] is None


def test_the_figure_is_drawn(tmp_path: object) -> None:
    import json
    from pathlib import Path

    path = Path(str(tmp_path)) / "heads.png"
    card.draw(json.loads(measure.METRICS_PATH.read_text("utf-8")), path)
    assert path.read_bytes().startswith(b"\x89PNG")
