"""The report on a small made-up coding whose numbers can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator.codebook.loader import load
from annotator.codebook.sheet import Coding
from annotator.quality import figures
from annotator.quality.report import report
from newsroom.errors import BadRequest

BOOK = load()
KINDS = ("news report", "opinion")


def coding(
    item: str, coder: str, value: str | float, question: str = "news_type", **about
) -> Coding:
    known = {"unit": "article", "sentence": None, "sampling_probability": None} | about
    return Coding(item=item, question=question, coder=coder, value=value, **known)


def line(item: str, **labels) -> dict:
    return {"id": item, "labeller": "embedded", "labeller_revision": "abc"} | labels


def one(found: dict, question: str) -> dict:
    (only,) = [q for q in found["questions"] if q["question"] == question]
    return only


def test_classes_against_the_majority() -> None:
    said = ["news report", "opinion", "opinion", "news report"]
    truth = ["news report", "news report", "opinion", "opinion"]
    codings = [coding(f"a{i}", c, t) for i, t in enumerate(truth) for c in ("ana", "ben", "cem")]
    codings[0] = coding("a0", "ana", "opinion")  # outvoted
    lines = [line(f"a{i}", news_type=s, news_type_confidence=0.75) for i, s in enumerate(said)]
    found = one(report(lines, codings, BOOK), "news_type")
    labeller = found["labeller"]
    assert (labeller["units"], labeller["accuracy"], labeller["constant_accuracy"]) == (4, 0.5, 0.5)
    assert labeller["macro_f1"] == pytest.approx(0.5)
    assert labeller["kappa"] == pytest.approx(0.0)
    assert labeller["calibration"]["error"] == pytest.approx(0.25)
    assert sum(map(sum, labeller["confusion"])) == 4
    assert 0 < found["agreement"]["alpha_nominal"]["value"] < 1
    assert "kappa" not in found["agreement"]


def test_scores_against_the_median() -> None:
    given = {"a": (-3, -2, 5), "b": (0, 0, 0), "c": (4, 4, 2)}
    codings = [
        coding(item, coder, float(value), "lean")
        for item, values in given.items()
        for coder, value in zip(("ana", "ben", "cem"), values, strict=True)
    ]
    lines = [line("a", lean=-1.0), line("b", lean=2.0), line("c", lean=4.0)]
    labeller = one(report(lines, codings, BOOK), "lean")["labeller"]
    assert labeller["mean_absolute_error"] == pytest.approx(1.0)
    assert labeller["mean_error"] == pytest.approx(1.0)
    assert labeller["within_1"] == pytest.approx(2 / 3)
    assert labeller["pearson"] > 0.9


def test_abstentions_are_neither_zero_nor_middle() -> None:
    codings = [coding("a", "ana", "unclear", "lean"), coding("b", "ana", 4.0, "lean"),
               coding("c", "ana", -4.0, "lean")]  # fmt: skip
    lines = [line("a", lean=0.0), line("b", lean="unclear"), line("c", lean=-4.0)]
    found = one(report(lines, codings, BOOK), "lean")
    assert found["abstentions"] == 1
    assert (found["labeller"]["units"], found["labeller"]["answered"]) == (2, 1)
    assert found["labeller"]["mean_absolute_error"] == 0.0


def test_a_split_vote_is_no_reference() -> None:
    codings = [coding("a", "ana", KINDS[0]), coding("a", "ben", KINDS[1])]
    found = one(report([line("a", news_type=KINDS[0])], codings, BOOK), "news_type")
    assert (found["labelled_units"], found["labeller"]) == (1, {"units": 0, "answered": 0})
    assert found["agreement"]["kappa"] == pytest.approx(0.0)


def test_sentences_and_headlines_are_found_in_their_places() -> None:
    codings = [
        coding("a", "ana", "fact", "sentence_type", unit="sentence", sentence=0),
        coding("a", "ana", "quote", "sentence_type", unit="sentence", sentence=1),
        coding("a", "ana", "fact", "sentence_type", unit="sentence", sentence=2),
        coding("a", "ana", 3.0, "lean", unit="headline"),
    ]
    rows = [{"text": "x", "type": "fact"}, {"text": "y", "type": "fact"}]
    found = report([line("a", lean=-5.0, headline_lean=3.0, sentences=rows)], codings, BOOK)
    assert one(found, "lean")["labeller"]["mean_absolute_error"] == 0.0
    sentences = one(found, "sentence_type")
    assert (sentences["coded_units"], sentences["labelled_units"]) == (3, 2)
    assert sentences["labeller"]["accuracy"] == 0.5


def test_a_sample_with_known_chances_corrects_the_mean() -> None:
    lines = [line(f"a{i}", lean=2.0) for i in range(100)]
    codings = [
        coding(f"a{i}", "ana", 0.0, "lean", sampling_probability=0.2) for i in range(0, 100, 5)
    ]
    corrected = one(report(lines, codings, BOOK), "lean")["corrected"]["mean"]
    assert (corrected["naive"], corrected["items"], corrected["coded"]) == (2.0, 100, 20)
    assert corrected["value"] == pytest.approx(0.0)
    assert corrected["low"] < 0 < corrected["high"]


def test_what_cannot_be_right_is_refused() -> None:
    codings = [coding("a", "ana", KINDS[0])]
    for lines, wrong, code in (
        ([line("a"), line("a")], codings, "labels-twice"),
        ([line("a")], [], "nothing-coded"),
        ([line("a", news_type="gossip")], codings, "label-unknown"),
        ([line("a", news_type=KINDS[0])],
         [coding("a", "ana", KINDS[0], sampling_probability=0.1),
          coding("a", "ben", KINDS[0], sampling_probability=0.2)], "sampling-unknown"),
    ):  # fmt: skip
        with pytest.raises(BadRequest) as caught:
            report(lines, wrong, BOOK)
        assert caught.value.code == code


def test_refused_and_missing_items_are_counted() -> None:
    codings = [coding("a", "ana", KINDS[0]), coding("z", "ana", KINDS[0])]
    found = report([{"id": "a", "error": "the article has no text"}], codings, BOOK)
    assert found["items"] == {"labelled": 0, "refused": 1, "coded": 2, "coded_without_labels": 2}
    assert one(found, "news_type")["labelled_units"] == 0


def test_a_figure_shows_classes_only(tmp_path: Path) -> None:
    codings = [coding("a", "ana", KINDS[0]), coding("b", "ana", 1.0, "lean")]
    lines = [line("a", news_type=KINDS[1], news_type_confidence=0.6), line("b", lean=1.0)]
    found = report(lines, codings, BOOK)
    drawn = figures.of_question(one(found, "news_type"))
    assert drawn is not None
    drawn.savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 5_000
    assert figures.of_question(one(found, "lean")) is None
