"""An article's own outlet and reporters are hidden, nothing else is, and sentences keep count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scraper.demo
from annotator.blind import Blinded, blind, damaged_tokens
from newsroom.text import normalise, sentences

TRUTH = json.loads(Path(scraper.demo.__file__).with_name("truth.json").read_text("utf-8"))
OUTLETS = {outlet["publisher_id"]: outlet for outlet in TRUTH["outlets"]}


def of(text: str, name: str, domain: str = "", bylines: tuple[str, ...] = ()) -> str:
    return blind("", text, names=[name], domain=domain, bylines=bylines).text


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("The Aldermoor Post", "He told The Aldermoor Post so.", "He told the outlet so."),
        ("The Aldermoor Post", "The Aldermoor Post's view.", "The outlet's view."),
        ("The Aldermoor Post", "ALDERMOOR POST EXCLUSIVE", "The outlet EXCLUSIVE"),
        ("The Aldermoor Post", "She told the Post on Friday.", "She told the outlet on Friday."),
        ("The Aldermoor Post", "The Post has learned why.", "The outlet has learned why."),
        ("The Aldermoor Post", "AMARA (AP) met Postal staff.", None),
        ("The Aldermoor Post", "He ran to the Post Office at the post.", None),
        ("The Aldermoor Post", "An Aldermoor Post-Gazette reader.", None),
        ("The Hill", "Aides on Capitol Hill and on the Hill left.", None),
        ("The Hill", "A vote on The Hill is near.", None),
        ("The Hill", "He climbed the hill. The Hill family left.", None),
        ("The Hill", "He told The Hill so.", "He told the outlet so."),
        ("The Hill", "As The Hill wrote, it failed.", "As the outlet wrote, it failed."),
        ("Time", "Time is short. In Time Square it was time.", None),
        ("Time", "She told Time that it rained.", "She told the outlet that it rained."),
        ("Time", "Time magazine printed it.", "The outlet magazine printed it."),
        ("The Sun", "The Sun rose; the Sun is a star.", None),
        ("The Sun", "He told the Sun that it was over.", "He told the outlet that it was over."),
        ("The Sun", "The Sun has learned of a plan.", "The outlet has learned of a plan."),
        ("The Independent", "An Independent senator, Independent voters.", None),
        ("The Independent", "According to The Independent, no.", "According to the outlet, no."),
        ("HuffPost", "HuffPost asked twice.", "The outlet asked twice."),
        ("Kestrel Valley Courier", "The Courier asked.", "The outlet asked."),
        ("Kestrel Valley Courier", "By courier, from Kestrel Valley.", None),
        ("Kestrel Valley Courier", "WELLS (KVC) said so.", "WELLS (the outlet) said so."),
        ("Kestrel Valley Courier", "The KVC pump broke.", None),
    ],
)  # fmt: skip
def test_names(name: str, text: str, wanted: str | None) -> None:
    assert of(text, name) == (text if wanted is None else wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("See www.time.com/a/b. Next.", "See the outlet. Next."),
        ("Write to tips@time.com now.", "Write to the outlet now."),
        ("At https://news.time.com/x?y=1, he", "At the outlet, he"),
        ("Follow @time today.", "Follow the outlet today."),
        ("It is time to go to overtime.com or time.company.", None),
    ],
)
def test_domains(text: str, wanted: str | None) -> None:
    assert of(text, "Time", "time.com") == (text if wanted is None else wanted)


def test_a_run_together_name_is_hidden_and_an_ordinary_label_is_not() -> None:
    assert of("On Aldermoorpost and post.", "The Aldermoor Post", "aldermoorpost.example") == (
        "On the outlet and post."
    )
    assert of("He loves nature.", "Nature", "nature.com") == "He loves nature."


@pytest.mark.parametrize(
    ("byline", "text", "wanted"),
    [
        ("Pia Sorrell", "By Pia Sorrell\nRain fell.", "By the reporter\nRain fell."),
        ("Pia M. Sorrell", "Pia Sorrell saw it.", "The reporter saw it."),
        ("Pia Sorrell", "PIA SORRELL REPORTS", "The reporter REPORTS"),
        ("Pia Sorrell", "Mayor Sorrell and Pia Sorrells met.", None),
        ("Staff", "By Staff\nThe Staff met.", "By the reporter\nThe Staff met."),
        ("Syrian defense ministries", "Syrian defense ministries met.", None),
        ("Zoë O'Neil", "Zoë O’Neil wrote.", "The reporter wrote."),
    ],
)
def test_bylines(byline: str, text: str, wanted: str | None) -> None:
    assert of(text, "The Quay", bylines=(byline,)) == (text if wanted is None else wanted)


def test_headline_and_its_tail() -> None:
    found = blind(
        "Time to act - Time", "It is time.", names=["Time"], domain="time.com", bylines=[]
    )
    assert (found.title, found.text) == ("Time to act - the outlet", "It is time.")


def test_nothing_given_nothing_hidden() -> None:
    found = blind("A title", "Some text.", names=["", " "], domain="", bylines=[""])
    assert found == Blinded(title="A title", text="Some text.", title_spans=(), text_spans=())


def _demo(article: dict[str, Any]) -> tuple[str, str]:
    paragraphs: dict[int, list[str]] = {}
    for number, sentence in zip(article["paragraph_of"], article["sentences"], strict=True):
        paragraphs.setdefault(number, []).append(sentence["text"])
    return article["headline"], normalise("\n".join(" ".join(p) for p in paragraphs.values()))


def test_the_demo_web_keeps_sentences_and_tokens() -> None:
    hidden = 0
    for article in TRUTH["articles"]:
        title, text = _demo(article)
        outlet = OUTLETS[article["outlet"]]
        found = blind(
            title, text, names=[outlet["name"]], domain=outlet["domain"], bylines=article["authors"]
        )
        assert len(sentences(found.text)) == len(sentences(text)), article["url"]
        assert damaged_tokens(text, found.text, found.text_spans) == 0
        assert damaged_tokens(title, found.title, found.title_spans) == 0
        hidden += len(found.text_spans)
    assert hidden > 0


PIECES = st.sampled_from(
    ["The Aldermoor Post", "Aldermoor Post", "the Post", "Pia Sorrell", "aldermoorpost.example",
     "He left", "officials said", "Mr. Post", "U.S.", ".", ". ", "\n", '"', "’s ", " ", ", ", "apply"]
)  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=30))
def test_any_mixture_loses_no_token(pieces: list[str]) -> None:
    text = normalise(" ".join(pieces))
    found = blind(
        "", text, names=["The Aldermoor Post"], domain="aldermoorpost.example",
        bylines=["Pia Sorrell"],
    )  # fmt: skip
    assert damaged_tokens(text, found.text, found.text_spans) == 0
    assert len(sentences(found.text)) == len(sentences(text))
    assert "sorrell" not in found.text.lower()
    assert "aldermoor post" not in found.text.lower()


def test_the_check_sees_damage() -> None:
    found = blind("", "Ask the Post to apply.", names=["The Post"], domain="", bylines=[])
    assert damaged_tokens("Ask the Post to apply.", found.text, found.text_spans) == 0
    assert damaged_tokens("Ask the Post to apply.", "Ask the outlet to ply.", found.text_spans) == 1
    assert damaged_tokens("Ask the Post to apply.", "Ask the outlet to.", found.text_spans) == 1
