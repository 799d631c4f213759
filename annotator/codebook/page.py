"""The codebook as a page to read: ``python -m annotator.codebook.page`` writes docs/codebook.md."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.codebook import loader
from annotator.codebook.loader import CATEGORY, SUBTOPIC, TOPIC, UNCLEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from annotator.codebook.loader import Codebook, LabelEntry, MbdCrosswalk, Question

PATH = Path(__file__).parents[2] / "docs" / "codebook.md"
# The order in which a reader meets the questions; one that is not named here comes last.
ORDER = (
    "lean", "tone", "news_type", "takeaways", CATEGORY, TOPIC, SUBTOPIC,
    "sentence_type", "sentence_tone", "sentence_focus",
)  # fmt: skip
NESTED = (CATEGORY, TOPIC, SUBTOPIC)


def page(book: Codebook, crosswalk: MbdCrosswalk) -> str:
    """The whole page in Markdown."""
    sections = [
        _head(book),
        *(section(q) for q in ordered(book.questions.values()) if q.id not in NESTED),
        _tree(book),
        _crosswalk(crosswalk),
        _citing(book),
    ]
    return "\n".join(chain.from_iterable(sections)).rstrip() + "\n"


def ordered(questions: Iterable[Question]) -> list[Question]:
    """Questions in the order of reading."""
    place = {name: i for i, name in enumerate(ORDER)}
    return sorted(questions, key=lambda q: (place.get(q.id, len(place)), q.id))


def section(question: Question) -> list[str]:
    """One question with its scale, its rules and its labels one by one."""
    return [*_asked(question), *(line for label in question.labels for line in _entry(label))]


def _head(book: Codebook) -> list[str]:
    rows = [
        f"| [{_title(q.id)}](#{_anchor(q)}) | {', '.join(q.units)} | {_answer(q)} |"
        for q in ordered(book.questions.values())
    ]
    return [
        f"# Codebook {book.version}",
        "",
        (
            f"Digest `{book.digest}`. Written by `python -m annotator.codebook.page` from "
            f"`annotator/codebook/{book.version}/`: the same files feed the prompts, the schemas "
            "of the answers, the API and the sheets of human coders."
        ),
        "",
        "What no label or point of a scale fits is answered `" + UNCLEAR + "`, without a score: "
        "an abstention is never a zero and never the middle. All places and people in examples "
        "are made up.",
        "",
        "| question | asked of | answer |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _anchor(question: Question) -> str:
    if question.id in NESTED:
        return "category-topic-subtopic"
    return f"{_title(question.id).lower().replace(' ', '-')}-{question.id}"


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _answer(question: Question) -> str:
    if question.scale:
        return f"score {question.scale.minimum:+d} … {question.scale.maximum:+d}"
    if question.words:
        return f"at most {question.words.maximum_words} words"
    return f"one of {len(question.labels)} labels"


def _asked(question: Question) -> list[str]:
    """Heading, question, units, rules and scale."""
    units = [f"{u}{' (unvalidated)' * (u in question.unvalidated_units)}" for u in question.units]
    return [
        f"## {_title(question.id)} `{question.id}`",
        "",
        (
            f"**{question.question}** Asked of: {', '.join(units)}. Answer: {_answer(question)}, "
            f"or `{UNCLEAR}`."
        ),
        "",
        *(f"- {rule}" for rule in question.tie_rules),
        "",
        *_scale(question),
    ]


def _scale(question: Question) -> list[str]:
    scale = question.scale
    if scale is None:
        return []
    return [
        f"Scale `{scale.id}`. {scale.note}",
        "",
        "| score | anchor |",
        "|---:|---|",
        *(f"| {_signed(point.value)} | {point.anchor} |" for point in scale.points),
        "",
    ]


def _signed(value: int) -> str:
    return f"{value:+d}" if value else "0"


def _entry(label: LabelEntry) -> list[str]:
    part = f" (of `{label.parent}`)" if label.parent else ""
    return [f"**{label.name}** `{label.id}`{part}. {_told(label)}", ""]


def _told(label: LabelEntry) -> str:
    """Definition, dates, what counts, what does not, examples: one paragraph."""
    first, second = label.examples
    dates = ""
    if label.valid_from or label.valid_to:
        dates = f" *Valid:* {label.valid_from or '…'} to {label.valid_to or '…'}."
    return (
        f"{label.definition}{dates} *Counts:* {label.include} *Does not:* {label.exclude} "
        f"*Examples:* “{first}” “{second}”"
    )


def _tree(book: Codebook) -> list[str]:
    """Topics under their categories, subtopics under their topics."""
    asked = [book.questions[name] for name in NESTED]
    lines = ["## Category, topic, subtopic", ""]
    for question in asked:
        lines += [f"**{_title(question.id)}: {question.question}**", ""]
        lines += [*(f"- {rule}" for rule in question.tie_rules), ""]
    categories, topics, _ = asked
    for category in categories.labels:
        lines += [f"### {category.name} `{category.id}`", "", _told(category), ""]
        for topic in (t for t in topics.labels if t.parent == category.id):
            lines += [f"#### {topic.name} `{topic.id}`", "", _told(topic), ""]
            children = book.children(topic.id)
            lines += [f"- **{part.name}** `{part.id}`. {_told(part)}" for part in children]
            lines += [""] if children else []
    return lines


def _crosswalk(crosswalk: MbdCrosswalk) -> list[str]:
    return [
        "## Crosswalk to the Media Bias Detector",
        "",
        (
            "Published names of [arXiv 2509.25649](https://arxiv.org/abs/2509.25649). Ours to "
            "theirs is the nearest name; theirs to ours is “–” where none of ours means the same. "
            "Scores of lean and tone have the same range and direction, news types the same names."
        ),
        "",
        *_table("our topic", "their topic", crosswalk.topic_to_mbd),
        *_table("their topic", "our topic", crosswalk.mbd_to_topic),
        *_table("our subtopic", "their subtopic", crosswalk.subtopic_to_mbd),
        *_table("their subtopic", "our subtopic", crosswalk.mbd_to_subtopic),
        *chain.from_iterable(
            _table(f"our `{question}`", "their count", columns)
            for question, columns in crosswalk.sentence_counts.items()
        ),
    ]


def _table(left: str, right: str, rows: Mapping[str, str]) -> list[str]:
    told = [f"| {ours} | {theirs or '–'} |" for ours, theirs in rows.items()]
    return [f"| {left} | {right} |", "|---|---|", *told, ""]


def _citing(book: Codebook) -> list[str]:
    return [
        "## How to cite",
        "",
        (
            f"Name version and digest: “Newsroom codebook {book.version}, digest `{book.digest}`”."
            " Every label carries its version and every run the digest; the digest covers every "
            "file of the version, so equal digests mean equal words. `newsroom codebook show "
            f"{book.version}` prints the whole of it, `newsroom codebook diff` what two versions "
            "differ in. A change of meaning is a new version, never an edit."
        ),
    ]


if __name__ == "__main__":
    PATH.write_text(page(loader.load(), loader.mbd_crosswalk()), encoding="utf-8")
