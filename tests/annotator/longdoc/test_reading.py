"""Speakers by rule: what one chunk knows, and what the scan adds."""

from __future__ import annotations

import pytest

from annotator.longdoc import transcript
from annotator.longdoc.bus import Bus, Limits
from annotator.longdoc.document import (
    assemble,
    attribution,
    read_chunks,
    read_document,
    spans,
    strangers,
)
from annotator.longdoc.messages import BUDGET_TOKENS
from annotator.longdoc.speakers import read
from newsroom.errors import Refused
from newsroom.records import Stage
from newsroom.text import normalise


def speakers(text: str, chunk: int = 1) -> list[str | None]:
    """Speakers of the quoted sentences; chunks of one sentence unless told otherwise."""
    found = read_document(normalise(text), chunk_sentences=chunk)
    return list(found.speakers.values())


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ('"We must act now," said Ms Orwell.', "Orwell"),
        ('"We must act now," Dana Orwell said.', "Orwell"),
        ("“We must act now,” Orwell told reporters.", "Orwell"),
        ('Sen. Tom Pell said: "We must act now."', "Pell"),
        ('"We must act now," said Dana Orwell, the chair.', "Orwell"),
        ('"I told Mr Pell to act now," said Ms Orwell.', "Orwell"),
        ('Dana Orwell, the chair, said: "We must act now."', "Orwell"),
        ("President Ruth Marin, a former FEC commissioner, said Pell was “not up to it.”", "Marin"),
        ('"We must act now," the county engineer said.', "the county engineer"),
        ('But Orwell replied that "we must act now, today."', "Orwell"),
    ],
)  # fmt: skip
def test_who_is_named(sentence: str, name: str) -> None:
    assert speakers(sentence) == [name]


def test_who_is_only_spoken_about_is_not_the_speaker() -> None:
    text = '"We must act now," said Ms Orwell.\nA note went round that said Cruz was "worse than all of us."'
    assert speakers(text) == ["Orwell", "Orwell"]


@pytest.mark.parametrize(
    "sentence", ["The clerk turned a page.", 'A so-called "fast track" failed.', "It rained."]
)
def test_narration_is_nobodys_speech(sentence: str) -> None:
    assert speakers(sentence) == []


def test_what_one_chunk_cannot_know_comes_by_the_scan() -> None:
    text = """
    "The bridge was safe in May," said Ms Orwell.
    "It was inspected twice by the county."
    Mr Pell shook his head.
    "Nobody told us about that," he said.
    "We asked about the road again," she replied.
    "I said the same to Mr Pell in June."
    "That is not what happened," he answered.
    """
    # A shake of the head is no speech: "he" is still nobody, and nobody is guessed.
    assert speakers(text) == ["Orwell", "Orwell", None, "Orwell", "Orwell", None]
    named = text.replace(
        '"Nobody told us about that," he said', '"Nobody told us about that," Mr Pell said'
    )
    assert speakers(named) == ["Orwell", "Orwell", "Pell", "Orwell", "Orwell", "Pell"]


def test_a_quotation_over_paragraphs_belongs_to_whoever_closes_it() -> None:
    text = """
    "Who paid for all this?" asked Mr Pell.
    "We have the money for the bridge.
    "We have it for the road too.
    "We have it for everyone," said Ms Orwell.
    "Then show it to us," he said.
    """
    for chunk in (1, 2, 3, 10):
        assert speakers(text, chunk) == ["Pell", "Orwell", "Orwell", "Orwell", "Pell"]


def test_an_unclosed_quotation_ends_with_its_paragraph() -> None:
    text = '"We have the money," said Ms Orwell.\n"And we will spend it all\nThe room was quiet.'
    for chunk in (1, 2, 10):
        assert speakers(text, chunk) == ["Orwell", "Orwell"]


def test_a_role_is_known_from_another_chunk() -> None:
    text = 'Dana Orwell, the chair, took a seat.\nIt rained.\n"Order in the room, please," the chair said.'
    assert speakers(text) == ["Orwell"]


def test_nobody_named_is_nobody_guessed() -> None:
    assert speakers('"We have looked at it for a year."\n"It was not our choice," he said.') == [
        None,
        None,
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_scan_equals_one_pass_at_any_chunk_size(seed: int) -> None:
    text = transcript.make(1500, seed).text
    [whole] = read_chunks(text, len(text))
    for chunk in (1, 2, 7, 20, 64):
        assert read_document(text, chunk_sentences=chunk).speakers == strangers([whole])


def test_a_hearing_by_scan_and_by_chunks_apart() -> None:
    hearing = transcript.make(8000, 3)
    chunks = read_chunks(hearing.text, 20)
    assert attribution(read_document(hearing.text).speakers, hearing.gold) >= 0.95
    assert attribution(strangers(chunks), hearing.gold) <= 0.65


def test_counts_add_up_whatever_the_chunks() -> None:
    def by_length(texts):
        return [{Stage.SENTENCE_TONE: "negative" if len(t) % 2 else "neutral"} for t in texts]

    text = transcript.make(2000, 5).text
    counts = [
        read_document(text, chunk_sentences=c, sentence_reader=by_length).counts
        for c in (3, 20, 999)
    ]
    assert counts[0] == counts[1] == counts[2]
    assert set(counts[0]) == {"sent_tone_neg", "sent_tone_neu"}


def test_an_unread_chunk_lowers_the_coverage_and_is_never_filled_in() -> None:
    hearing = transcript.make(3000, 5)
    chunks = list(read_chunks(hearing.text, 20))
    total = len(spans(hearing.text))
    holed = [None if i == 3 else c for i, c in enumerate(chunks)]
    result = assemble(holed, total, Bus(limits=Limits(tokens=BUDGET_TOKENS)))
    assert result.status == "partial"
    assert result.coverage == pytest.approx((total - 20) / total, abs=1e-4)
    assert not set(result.speakers) & set(range(60, 80))


def test_a_text_without_sentences_is_refused() -> None:
    with pytest.raises(Refused) as error:
        read_document("")
    assert error.value.code == "no-sentences"


def test_words_inside_of_marks_name_nobody() -> None:
    assert read('"Pell said it was safe," he added.', quoting=False).attribution.name is None


def test_corrections_and_amounts_are_pointed_at_by_number() -> None:
    found = read_document(
        "It rained.\nCorrection: the sum was $4.5 million, not $45 million.\nIt dried."
    )
    assert found.supersedes == (1,)
    assert found.hits == (1,)


def test_the_generator_repeats_itself_and_marks_every_quoted_sentence() -> None:
    first, again = transcript.make(1200, 9), transcript.make(1200, 9)
    assert first == again
    at = spans(first.text)
    for number, span in enumerate(at):
        words = first.text[span.start : span.end]
        assert (number in first.gold) == (words.startswith('"') or ': "' in words)
