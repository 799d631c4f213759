from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from annotator import encoder, masking
from annotator.sentences import card, features, focus, labeller, measure, model, parties
from annotator.sentences.labeller import SentenceLabeller, counts
from annotator.sentences.labels import FOCI, LABELS
from newsroom.errors import Misconfigured, Refused

ARTICLE = [
    "The council voted 7 to 2 on Tuesday to close the ferry line in March.",
    "“We have carried people for ninety years,” said Ada Quill, who runs the line.",
    "“Nobody asked us.",
    "Nobody even called,” she said.",
    "House Democrats criticized the decision, and Sen. Chuck Schumer asked for a delay.",
    "Trump praised it at a rally in Ohio.",
    "This is a shameful way to treat a town, and we should all be angry about it.",
    "Sign up for our newsletter.",
    "Photo by Tam Brewer/Getty Images",
]


@pytest.fixture(scope="module")
def labels() -> SentenceLabeller:
    return SentenceLabeller()


def test_an_article_gets_the_labels_a_reader_would_give(labels: SentenceLabeller) -> None:
    (found,) = labels.label([ARTICLE])
    assert [one.type.label for one in found] == [
        "fact", "quote", "quote", "quote", "fact", "fact", "opinion", "other", "other",
    ]  # fmt: skip
    assert [one.focus.label for one in found] == [
        *["neither"] * 4, "democrat", "republican", *["neither"] * 3,
    ]  # fmt: skip
    assert found[6].tone.label == "negative"
    assert found[0].tone.label == "neutral"


def test_counts_add_up_under_the_twelve_names(labels: SentenceLabeller) -> None:
    (found,) = labels.label([ARTICLE])
    counted = counts(found)
    assert len(counted) == 12
    for name in ("type", "tone", "focus"):
        mine = [n for key, n in counted.items() if key.startswith(f"sent_{name}_")]
        assert sum(mine) == len(ARTICLE)
    assert counted["sent_type_quo"] == 3
    assert counted["sent_focus_dem"] == 1
    assert set(counts([]).values()) == {0}


def test_a_batch_changes_no_label_and_order_is_kept(labels: SentenceLabeller) -> None:
    other = ["Shares rose 3 percent.", "Why should we pay for it?"]
    together = labels.label([other, [], ARTICLE])
    assert together[1] == []
    for mine, alone in (
        (together[0], labels.label([other])[0]),
        (together[2], labels.label([ARTICLE])[0]),
    ):
        for a, b in zip(mine, alone, strict=True):
            for name in LABELS:
                left, right = getattr(a, name), getattr(b, name)
                assert left.label == right.label
                assert left.confidence == pytest.approx(right.confidence, abs=1e-4)


def test_distributions_are_probabilities(labels: SentenceLabeller) -> None:
    for one in labels.label([ARTICLE])[0]:
        for name, ids in LABELS.items():
            answer = getattr(one, name)
            assert tuple(answer.distribution) == ids
            assert sum(answer.distribution.values()) == pytest.approx(1, abs=1e-4)
            assert answer.distribution[answer.label] == pytest.approx(answer.confidence, abs=1e-5)


def test_a_quotation_keeps_its_speaker_over_sentences(labels: SentenceLabeller) -> None:
    (found,) = labels.label([[
        "“We will win this state,” Trump said.",
        "“We will win it by a lot.",
        "You watch.”",
        "The fair opens on Friday.",
    ]])  # fmt: skip
    assert [one.focus.label for one in found] == [*["republican"] * 3, "neither"]


def test_the_date_says_whose_the_white_house_is(labels: SentenceLabeller) -> None:
    given = [["The White House on Monday announced a new plan for the ports."]] * 3
    found = labels.label(given, on=[date(2022, 3, 1), date(2018, 3, 1), None])
    assert [one[0].focus.label for one in found] == ["democrat", "republican", "neither"]


def test_the_parties_are_treated_alike(labels: SentenceLabeller) -> None:
    pairs = [
        ("Democrats blocked the bill on Tuesday.", "Republicans blocked the bill on Tuesday."),
        ("Biden spoke, then Trump did.", "Trump spoke, then Biden did."),
        ("“I like it,” said Sen. Chuck Schumer.", "“I like it,” said Sen. Ted Cruz."),
    ]
    for left, right in pairs:
        a, b = (labels.label([[one]])[0][0].focus.distribution for one in (left, right))
        assert a["democrat"] == pytest.approx(b["republican"], abs=0.02)
        assert a["both"] == pytest.approx(b["both"], abs=0.02)


def test_swapping_the_parties_twice_changes_nothing() -> None:
    read = features.read(["Democrats and Trump met.", "He said so."])
    assert not np.array_equal(focus.swapped(read.focus), read.focus)
    np.testing.assert_array_equal(focus.swapped(focus.swapped(read.focus)), read.focus)


def test_the_outlet_has_no_say(labels: SentenceLabeller) -> None:
    one, other = labels.label(
        [
            ["Officials told Fox News the road was closed."],
            ["Officials told CNN the road was closed."],
        ]
    )
    assert one == other


def test_bad_input_has_an_answer(labels: SentenceLabeller) -> None:
    assert labels.label([]) == []
    odd = ["", " \u200b ", "No", "x" * 5000, "word " * 1000, "\ud800", "???", "\x00"]
    (found,) = labels.label([odd])
    assert len(found) == len(odd)
    for blank in (found[0], found[1], found[7]):
        assert (blank.type.label, blank.tone.label, blank.focus.label) == (
            "other", "neutral", "neither",
        )  # fmt: skip
    assert all(np.isfinite(one.type.confidence) for one in found)


def test_another_language_is_labelled_with_little_confidence(labels: SentenceLabeller) -> None:
    (found,) = labels.label([["Der Stadtrat stimmte gestern Abend für die neue Brücke am Hafen."]])
    assert found[0].type.confidence <= 0.6 + 1e-6
    assert found[0].tone.confidence <= 0.5 + 1 / 6 + 1e-6


@pytest.mark.parametrize("given", [["a text, not a list"], [[1.5]], [[None]]])
def test_what_is_no_list_of_texts_is_refused(labels: SentenceLabeller, given: object) -> None:
    with pytest.raises(Refused) as caught:
        labels.label(given)  # type: ignore[arg-type]
    assert caught.value.code == "sentences-not-texts"


def test_dates_must_be_as_many_as_articles(labels: SentenceLabeller) -> None:
    with pytest.raises(ValueError, match="zip"):
        labels.label([ARTICLE], on=[])


def test_a_sentence_cut_within_a_quotation_is_mostly_a_quote() -> None:
    read = features.read(["He called it “wholly inadequate.", "The bus left at noon."])
    drawn = labeller.with_cut_marks(np.array([[1.0, 0, 0, 0, 0]] * 2), read)
    assert drawn.argmax(axis=1).tolist() == [2, 0]
    np.testing.assert_allclose(drawn.sum(axis=1), 1)


def test_shipped_weights_fit_and_are_small() -> None:
    heads = model.load()
    assert heads.encoder_version == encoder.version()
    assert heads.masking_digest == masking.digest()
    assert heads.lists_digest == parties.digest()
    assert model.WEIGHTS_PATH.stat().st_size < 3_000_000
    assert heads.heads["focus"].bias.shape == (len(FOCI),)


def test_heads_made_for_another_encoder_are_misconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "version", lambda: "another")
    with pytest.raises(Misconfigured) as caught:
        SentenceLabeller()
    assert caught.value.code == "sentence-heads-stale"


def changed(path: Path, **tensors: np.ndarray) -> Path:
    with safe_open(model.WEIGHTS_PATH, framework="numpy") as file:
        about = file.metadata()
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file({**found, **tensors}, path, metadata=about)
    return path


def test_broken_weights_are_misconfigured(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.safetensors"
    garbage.write_bytes(b"not weights")
    nan = changed(tmp_path / "nan.safetensors", **{"tone.bias": np.full(3, np.nan, np.float32)})
    narrow = changed(tmp_path / "narrow.safetensors", **{"focus.mean": np.zeros(2, np.float32)})
    for path in (garbage, nan, narrow, tmp_path / "missing.safetensors"):
        with pytest.raises(Misconfigured) as caught:
            model.load(path)
        assert caught.value.code == "sentence-heads-broken"


def test_the_card_says_what_was_measured_of_these_weights() -> None:
    measures = json.loads(measure.METRICS_PATH.read_text("utf-8"))
    assert measures["weights"] == model.load().digest
    assert measure.CARD_PATH.read_text("utf-8") == card.page(measures)


def test_every_target_is_told_as_reached_or_missed() -> None:
    found = json.loads(measure.METRICS_PATH.read_text("utf-8"))["reported"]
    told = card.page(json.loads(measure.METRICS_PATH.read_text("utf-8")))
    for (name, what), target in card.TARGETS.items():
        verdict = "reached" if found[name][what] >= target else "**missed**"
        line = f"- {name}, {what.replace('_', '-')}: {target:.2f}, {verdict}"
        assert line in told


@pytest.mark.parametrize(("name", "accuracy"), [("type", 0.72), ("tone", 0.80), ("focus", 0.82)])
def test_accuracy_on_the_reported_outlets_does_not_fall(name: str, accuracy: float) -> None:
    found = json.loads(measure.METRICS_PATH.read_text("utf-8"))["reported"]
    assert found[name]["accuracy"] >= accuracy
    assert found[name]["macro_f1"] > found[name]["constant"]["macro_f1"] + 0.2
