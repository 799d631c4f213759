"""The training sets marked P as rows: one text with whatever labels it carries, and its fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annotator import masking
from annotator.codebook.loader import load as load_codebook
from annotator.codebook.loader import training_crosswalk
from annotator.heads import data
from annotator.heads.features import join

if TYPE_CHECKING:
    from pathlib import Path

FOLDS = 5
# Encoding is what costs: the other articles are read by their first chunk. The n-grams cost little
# and read all of every article.
WHOLE_PER_OUTLET, WHOLE_PER_TYPE = 150, 250
# Sections of one outlet's web site are weaker evidence of a topic than an editor's tag.
SECTION_WEIGHT = 0.3
# Sentences are rated for a target in them, passages as a whole.
POLARITY_WEIGHT = 0.1
SECTION_GROUP, SENTENCE_GROUP = "huffpost", "newsmtsc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A text with its labels by task, class numbers of the codebook; valence -4..4 where rated.

    Articles read ``whole`` are judged, of the others only the first chunk is encoded. ``group`` is
    the outlet, or the document of a passage; ``date`` the day of an article, where it is known.
    Rows of fold -1 are trained on and never judged.
    """

    title: str
    text: str
    group: str
    fold: int
    labels: dict[str, int]
    valence: float | None = None
    weight: float = 1.0
    whole: bool = True
    date: str | None = None
    masked: tuple[str, str]

    @property
    def is_article(self) -> bool:
        """Whether this is an article of an outlet, not a section's teaser or a passage."""
        return "lean" in self.labels

    @property
    def words(self) -> str:
        """The masked text that n-grams are counted in."""
        return join(*self.masked)


def build(folder: Path) -> list[Row]:
    """All rows, in the order of the files."""
    return [*_articles(folder), *_sections(folder), *_passages(folder), *_sentences(folder)]


def _articles(folder: Path) -> list[Row]:
    everything = data.lean_rows(folder)
    kinds = {
        row["ID"]: row["article_type"] for row in data.table(folder, "article_type_url_silver")
    }

    def typed(row: dict[str, str]) -> str | None:
        return f"{row['domain']} {kinds[row['ID']]}" if row["ID"] in kinds else None

    chosen = [
        *data.thinned(everything, lambda row: row["domain"], WHOLE_PER_OUTLET),
        *data.thinned(everything, typed, WHOLE_PER_TYPE),
    ]
    whole = {row["ID"] for row in chosen}
    tags = training_crosswalk().allsides_tags
    lean, topic, news_type = (_number(name) for name in ("lean", "topic", "news_type"))
    rows = []
    for row in everything:
        labels = {"lean": lean(row["lean"])}
        if tags[row["topic"]]:
            labels["topic"] = topic(tags[row["topic"]])
        if row["ID"] in kinds:
            # The silver labels say news; the codebook calls that a news report.
            kind = "opinion" if kinds[row["ID"]] == "opinion" else "news report"
            labels["news_type"] = news_type(kind)
        rows.append(
            _row(
                row["title"] or "", row["text"],
                group=row["domain"], fold=int(row["fold"]), labels=labels,
                whole=row["ID"] in whole, date=row["date"],
            )
        )  # fmt: skip
    return rows


def _sections(folder: Path) -> list[Row]:
    sections, topic = training_crosswalk().huffpost_sections, _number("topic")
    found = data.table(folder, "topic_huffpost")
    return [
        _row(
            row["headline"], row["short_description"] or "",
            group=SECTION_GROUP, fold=i % FOLDS, labels={"topic": topic(sections[row["category"]])},
            weight=SECTION_WEIGHT,
        )
        for i, row in enumerate(row for row in found if sections[row["category"]])
    ]  # fmt: skip


def _passages(folder: Path) -> list[Row]:
    found, tone = data.table(folder, "tone_nyt_editorials"), _number("tone")
    fold = {name: i % FOLDS for i, name in enumerate(sorted({row["doc"] for row in found}))}
    return [
        _row(
            "", row["text"],
            group=row["doc"], fold=fold[row["doc"]], labels={"tone": tone(row["tone3"])},
            valence=float(row["valence"]),
        )
        for row in found
    ]  # fmt: skip


def _sentences(folder: Path) -> list[Row]:
    """Held out in no fold: they are never judged."""
    tone = _number("tone")
    return [
        _row(
            "", row["sentence"],
            group=SENTENCE_GROUP, fold=-1, labels={"tone": tone(row["polarity"])},
            weight=POLARITY_WEIGHT,
        )
        for row in data.table(folder, "tone_newsmtsc")
    ]  # fmt: skip


def _row(title: str, text: str, **about: object) -> Row:
    return Row(title=title, text=text, masked=(masking.mask(title), masking.mask(text)), **about)  # type: ignore[arg-type]


def _number(task: str) -> Callable[[str], int]:
    names: Sequence[str] = load_codebook().questions[task].label_ids
    return names.index
