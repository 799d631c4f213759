from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from annotator import encoder, masking
from annotator.codebook.loader import load as load_codebook
from annotator.heads import card, evaluate, fit, model, report
from annotator.heads.features import Vocabulary, dense, ngrams
from annotator.heads.lexicon import feelings
from annotator.masking import PLACEHOLDER
from newsroom.errors import Misconfigured

RNG = np.random.default_rng(7)


def test_ngrams_stay_within_a_clause_and_skip_the_outlet() -> None:
    found = ngrams(f"The mill closed. {PLACEHOLDER} asked why")
    assert {"mill", "mill closed", "asked why"} <= found
    assert not found & {"outlet", "closed asked", "outlet asked"}


def test_vocabulary_keeps_what_many_outlets_use() -> None:
    grams = [{"levy", "pullquote"}, {"levy", "pullquote"}, {"levy", "mill"}]
    vocabulary = Vocabulary.build(grams, ["a", "a", "b"], size=10, min_outlets=2)
    assert vocabulary.terms == ("levy",)


def test_rows_have_unit_length_and_unknown_words_give_none() -> None:
    vocabulary = Vocabulary(("levy", "mill"), np.array([1.0, 2.0], dtype=np.float32))
    columns, values = vocabulary.row("The mill, the levy")
    assert columns.tolist() == [0, 1]
    np.testing.assert_allclose(values, np.array([1, 2]) / np.sqrt(5), rtol=1e-6)
    assert vocabulary.row("zzz")[0].size == 0


def test_a_missing_part_is_stood_in_for_by_the_other() -> None:
    parts = np.zeros((2, 2, 3), dtype=np.float32)
    parts[0, 0], parts[1, 1] = (1, 0, 0), (0, 1, 0)
    np.testing.assert_array_equal(dense(parts), [[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]])


def test_macro_f1_and_confusion_by_hand() -> None:
    table = evaluate.confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 3)
    assert table.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert evaluate.macro_f1(table) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_calibration_error_by_hand() -> None:
    p = np.array([[0.8, 0.2]] * 10)
    assert evaluate.calibration_error(p, np.zeros(10, dtype=int)) == pytest.approx(0.2)
    truth = np.array([0] * 8 + [1] * 2)
    assert evaluate.calibration_error(p, truth) == pytest.approx(0.0)


def test_interval_draws_whole_groups() -> None:
    groups = np.array(["a"] * 50 + ["b"] * 50)
    values = np.array([0.0] * 50 + [1.0] * 50)
    low, high = evaluate.interval(groups, lambda rows: float(values[rows].mean()), seed=0)
    assert (low, high) == (0.0, 1.0)


def test_weights_balance_classes_and_outlets() -> None:
    labels = np.array([0] * 9 + [1] * 3)
    groups = np.array(["big"] * 8 + ["small"] + ["big"] * 3)
    recipe = fit.Recipe(vectors_c=1.0, ngrams_c=1.0, outlet_power=1.0, class_power=1.0)
    w = fit.weights(labels, groups, recipe)
    assert w.mean() == pytest.approx(1)
    assert w[labels == 0].sum() == pytest.approx(w[labels == 1].sum())
    assert w[:8].sum() == pytest.approx(w[8])


def test_calibration_trusts_the_part_that_knows() -> None:
    labels = RNG.integers(2, size=400)
    knows = np.stack([1 - labels, labels], axis=1) * 2.0 + RNG.normal(size=(400, 2))
    noise, other = RNG.normal(size=(2, 400, 2))
    parts = fit.Parts(side=knows, vectors=noise, ngrams=other)
    mix = fit.calibrate(parts, labels, np.ones(400))
    assert mix.side > 0.5
    assert max(mix.vectors, mix.ngrams) < 0.3
    assert (fit.mixed(mix, parts).argmax(axis=1) == labels).mean() > 0.8


def test_linear_gives_unseen_classes_a_low_bias() -> None:
    x = RNG.normal(size=(60, 4))
    labels = np.where(x[:, 0] > 0, 2, 0)
    coefficients, bias = fit.linear(x, labels, np.ones(60), 1.0, 3)
    assert bias[1] == -10
    assert (((x @ coefficients + bias).argmax(axis=1)) == labels).mean() > 0.9


def test_shipped_weights_fit_the_encoder_the_masking_and_the_codebook() -> None:
    heads, codebook = model.load(), load_codebook()
    assert heads.encoder_version == encoder.version()
    assert heads.masking_digest == masking.digest()
    for name, head in heads.classifiers.items():
        # Topics that no training set has a tag for stand last, so that the numbers stay.
        assert head.labels == codebook.questions[name].label_ids[: len(head.labels)]
        assert 0 < head.side < 5
        assert head.dense.shape == (2 * encoder.DIMENSIONS, len(head.labels))
        assert head.sparse.shape == (len(heads.vocabulary.terms), len(head.labels))
    assert "news analysis" not in heads.classifiers["news_type"].labels


def test_the_model_card_says_what_was_measured() -> None:
    measures = json.loads(report.METRICS_PATH.read_text("utf-8"))
    assert report.CARD_PATH.read_text("utf-8") == card.page(measures)


def test_shipped_weights_are_small() -> None:
    assert model.WEIGHTS_PATH.stat().st_size < 5_000_000


def test_vocabulary_names_no_outlet() -> None:
    words = set(model.load().vocabulary.terms)
    assert not words & {
        "cnn",
        "npr",
        "reuters",
        "breitbart",
        "foxnews",
        "fox news",
        "associated press",
    }


def test_broken_weights_are_misconfigured(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"not weights")
    with pytest.raises(Misconfigured) as caught:
        model.load(path)
    assert caught.value.code == "heads-broken"


def test_a_weight_that_is_no_number_is_named(tmp_path: Path) -> None:
    with safe_open(model.WEIGHTS_PATH, framework="numpy") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors["lean.bias"] = np.full_like(tensors["lean.bias"], np.nan)
    path = tmp_path / "weights.safetensors"
    save_file(tensors, path, metadata=about)
    with pytest.raises(Misconfigured, match=r"lean\.bias.*not finite") as caught:
        model.load(path)
    assert caught.value.code == "heads-broken"


def test_the_lexicon_feels_by_sentence() -> None:
    good, bad, none = feelings(
        [("A wonderful day", "They loved it."), ("", "A terrible fire. " * 200), ("", "")]
    )
    assert good[0] > 0.5
    assert -0.9 < bad[0] < -0.4
    assert none.tolist() == [0, 0, 0]
