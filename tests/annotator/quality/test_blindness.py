"""The swap swaps what it says, leakage sees what leaks, and the page is that of the results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from annotator import masking
from annotator.labellers.base import ArticleInput, Label, Labelled
from annotator.labellers.scripted import ScriptedLabeller
from annotator.quality import blindness, figures, provenance
from annotator.quality.leakage import VIEWS, Sourced, leakage
from annotator.quality.partyswap import measure, swap_neutral, swap_parties
from newsroom.errors import BadRequest, Misconfigured
from newsroom.records import Scope, Stage

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "benchmarks/results/quality"


@pytest.mark.parametrize(
    ("text", "swapped", "n"),
    [
        ("Democrats beat Republicans.", "Republicans beat Democrats.", 2),
        ("A Democrat met a Republican.", "A Republican met a Democrat.", 2),
        ("The Republican senator spoke.", "The Democratic senator spoke.", 1),
        ("The Democratic Party won.", "The Republican Party won.", 1),
        ("Joe Biden told Trump.", "Donald Trump told Biden.", 2),
        ("REPUBLICANS and a liberal.", "DEMOCRATS and a conservative.", 2),
        ("Nothing of theirs: a democracy, a republic.", None, 0),
    ],
)
def test_swap(text: str, swapped: str | None, n: int) -> None:
    assert swap_parties(text) == (text if swapped is None else swapped, n)


def test_neutral_swap_stops_where_it_is_told() -> None:
    assert swap_neutral("On Monday two people said so.", 2) == (
        "On Tuesday three people said so.",
        2,
    )
    assert swap_neutral("On Monday two people said so.", 0) == ("On Monday two people said so.", 0)


class Counting(ScriptedLabeller):
    """Leans by which party it reads of more often."""

    def label(self, articles: Sequence[ArticleInput], past: object = None) -> Iterator[Labelled]:
        for article in articles:
            score = float(
                np.sign(article.text.count("Republican") - article.text.count("Democrat"))
            )
            yield Labelled(labels=(Label(
                stage=Stage.LEAN, scope=Scope.ARTICLE, label=None, score=score, confidence=1.0,
                distribution=None,
            ),))  # fmt: skip


def test_party_swap_sees_a_labeller_that_counts_words() -> None:
    texts = ["The Republicans met on Monday.", "The Democrats met on Monday."] * 5 + ["It rained."]
    found = measure(Counting(), [ArticleInput(title="", text=text) for text in texts])
    assert found["articles"] == 10
    assert found["swap"]["sign_flips"] == 1.0
    assert found["swap"]["mean_shift"] == pytest.approx(0.0)
    assert found["swap"]["mean_absolute_shift"] == pytest.approx(2.0)
    assert found["control"]["mean_absolute_shift"] == 0.0
    assert found["turned"] == pytest.approx(1.0)


def test_party_swap_needs_parties() -> None:
    with pytest.raises(BadRequest) as caught:
        measure(Counting(), [ArticleInput(title="", text="It rained.")])
    assert caught.value.code == "no-party-words"


def signed(n: int = 10) -> list[Sourced]:
    """Three outlets that write of the same things and sign what they write."""
    rng = np.random.default_rng(0)
    words = ("council", "vote", "budget", "river", "bridge", "school", "tax", "market", "storm")
    return [
        Sourced(
            title="", text=f"{' '.join(rng.choice(words, 30))}. {name} reported.",
            outlet=name, domain=f"{name.replace(' ', '').lower()}.example",
        )
        for name in ("Quay Gazette", "Harbour Lantern", "Moor Trumpet")
        for _ in range(n)
    ]  # fmt: skip


def test_leakage_is_total_in_signed_articles_and_none_once_they_are_blinded() -> None:
    found = leakage(signed())
    assert (found["outlets"], found["articles"]) == (3, 30)
    assert found["most_frequent"] == pytest.approx(1 / 3)
    assert found["views"]["raw"]["accuracy"] == 1.0
    assert found["views"]["own names hidden"]["accuracy"] < 0.7
    assert set(found["views"]) == set(VIEWS)


def test_leakage_needs_articles_for_its_folds() -> None:
    with pytest.raises(BadRequest) as caught:
        leakage(signed(3))
    assert caught.value.code == "too-few-articles"


def test_our_own_articles_stand_in_for_the_data_folder() -> None:
    found = blindness.measure(Counting(), None, 20)
    assert found["data"] == "the demo web"
    assert found["leakage"]["outlets"] == 7
    assert 2 <= found["party_swap"]["articles"] <= 20
    assert figures.of_blindness(found).axes


def test_the_page_is_that_of_the_committed_results() -> None:
    assert (ROOT / "docs/blindness.md").read_text("utf-8") == blindness.page_of(RESULTS)
    found = json.loads((RESULTS / "blindness.json").read_text("utf-8"))
    assert found["code_digest"] == provenance.code_digest(*blindness.CODE)
    assert found["data"] == "AllSides lean articles"


def test_masking_left_nothing_and_damaged_nothing() -> None:
    result = json.loads((RESULTS / "masking.json").read_text("utf-8"))
    assert result["blind_digest"] == provenance.code_digest("../blind.py")
    assert result["masking_digest"] == masking.digest()
    assert result["sets"].keys() == {"demo web", "real pages"}
    for found in result["sets"].values():
        assert found["references_before"] > 0
        for name in ("references_after", "tokens_damaged_by_blind", "tokens_altered_in_all",
                     "sentence_counts_changed"):  # fmt: skip
            assert found[name] == 0, name


def test_a_missing_result_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        blindness.page_of(tmp_path)
    assert caught.value.code == "results-missing"
