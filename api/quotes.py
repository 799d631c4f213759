"""Evidence as readers may see it: short quotations, never the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from newsroom.text import sentences

WORDS_MAX: Final = 25  # what may be quoted of a sentence; rights stay with the outlets


def of(text: str, annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sentences that labels rest on, in the order of the text, each cut to 25 words.

    A number outside the text is left out: there is nothing to quote.
    """
    wanted = sorted({n for annotation in annotations for n in annotation["evidence"]})
    if not wanted:
        return []
    spans = sentences(text)
    return [
        {"sentence": number} | quote(text, spans[number])
        for number in wanted
        if 0 <= number < len(spans)
    ]


def quote(text: str, span: tuple[int, int]) -> dict[str, Any]:
    """One sentence, cut to 25 words."""
    sentence = text[slice(*span)]
    return {"quote": cut(sentence), "cut": len(sentence.split()) > WORDS_MAX}


def cut(sentence: str) -> str:
    """Its first 25 words."""
    return " ".join(sentence.split()[:WORDS_MAX])


def by_number(
    text: str, labels: Iterable[Mapping[str, Any]], annotations: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Every sentence with its place, its labels by question, and what other labels rest on it.

    Only those that a label rests on are quoted. Labels of a number outside the text are left out.
    """
    rests: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for annotation in annotations:
        for number in annotation["evidence"]:
            rests[number].append({name: annotation[name] for name in ("stage", "scope")})
    made: dict[int, dict[str, Any]] = defaultdict(dict)
    for label in labels:
        made[label["sentence"]][label["stage"].removeprefix("sentence_")] = label
    silent = {"quote": None, "cut": False}
    return [
        {"sentence": number, "start": span[0], "end": span[1], "evidence_of": rests[number]}
        | {name: made[number].get(name) for name in ("type", "tone", "focus")}
        | (quote(text, span) if rests[number] else silent)
        for number, span in enumerate(sentences(text))
    ]
