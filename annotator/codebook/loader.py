"""Read a codebook version and its crosswalks; pydantic checks them at this door.

A question is one file, ``<version>/<question>.toml``; a long list of labels goes on in
``<version>/<question>/*.toml``, which hold labels only.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from newsroom.errors import Misconfigured

FOLDER = Path(__file__).parent
TOPIC, CATEGORY, SUBTOPIC = "topic", "category", "subtopic"
PARENT_QUESTION = {TOPIC: CATEGORY, SUBTOPIC: TOPIC}
# The answer of a labeller or a coder who abstains: never a label, never a point of a scale.
UNCLEAR = "unclear"

M = TypeVar("M", bound=BaseModel)
Text = Annotated[str, Field(min_length=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Point(_Frozen):
    """One value of a scale with the sentence that anchors it."""

    value: int
    anchor: Text


class Scale(_Frozen):
    """A numeric scale; `map` gives the value of each label where scores are derived from labels."""

    id: Text
    minimum: int
    maximum: int
    note: Text
    points: tuple[Point, ...]
    map: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _every_point_is_anchored(self) -> Self:
        if [point.value for point in self.points] != list(range(self.minimum, self.maximum + 1)):
            raise ValueError(f"scale {self.id} needs one anchor for each whole value, in order")
        return self


class WordsRule(_Frozen):
    """Bounds of an answer in words; a quotation longer than `maximum_quote_words` is no summary."""

    minimum_sentences: int
    maximum_sentences: int
    maximum_words: int
    maximum_quote_words: int


class LabelEntry(_Frozen):
    """One answer of a question, with what belongs to it and what does not.

    `valid_from` and `valid_to` (both included) bound the dates of the texts it may be given to.
    """

    id: Text
    name: Text
    definition: Text
    include: Text
    exclude: Text
    examples: tuple[Text, Text]
    parent: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.id == UNCLEAR:
            raise ValueError(f"{UNCLEAR!r} is kept for abstentions")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} is before valid_from {self.valid_from}")
        return self

    def valid_on(self, day: date) -> bool:
        """Whether a text of that day may get the label."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)


class Question(_Frozen):
    """One question of the codebook: the units it is asked of and its answers.

    `answer` is a label, a score on the scale (with labels for its parts), or words.
    """

    id: Text
    question: Text
    answer: Literal["label", "score", "words"]
    units: tuple[Literal["article", "headline", "sentence"], ...]
    unvalidated_units: tuple[Literal["article", "headline", "sentence"], ...] = ()
    tie_rules: tuple[Text, ...]
    labels: tuple[LabelEntry, ...] = ()
    scale: Scale | None = None
    words: WordsRule | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.answer == "score") != (self.scale is not None):
            raise ValueError(f"{self.id}: a score, and nothing else, needs a scale")
        if (self.answer == "words") != (self.words is not None):
            raise ValueError(f"{self.id}: words, and nothing else, need a rule for words")
        if (self.answer == "words") == bool(self.labels):
            raise ValueError(f"{self.id}: every answer but words needs labels")
        if self.scale and not set(self.scale.map) <= set(self.label_ids):
            raise ValueError(f"the scale of {self.id} maps a label it does not have")
        return self

    @property
    def label_ids(self) -> tuple[str, ...]:
        """The labels in the order of the file."""
        return tuple(label.id for label in self.labels)


class Codebook(_Frozen):
    """A version of the codebook; a change of meaning is a new version, never an edit."""

    version: Text
    digest: Text
    questions: dict[str, Question]

    def category_of(self, topic: str) -> str:
        """The category a topic belongs to; KeyError for a topic of another codebook."""
        return self._parents(TOPIC)[topic]

    def topic_of(self, subtopic: str) -> str:
        """The topic a subtopic belongs to; KeyError for a subtopic of another codebook."""
        return self._parents(SUBTOPIC)[subtopic]

    def children(self, topic: str) -> tuple[LabelEntry, ...]:
        """The subtopics of a topic in the order of the files; none for one that has no parts."""
        return tuple(label for label in self.questions[SUBTOPIC].labels if label.parent == topic)

    def valid(self, question: str, on: date) -> tuple[LabelEntry, ...]:
        """The labels of a question that a text of that day may get."""
        return tuple(label for label in self.questions[question].labels if label.valid_on(on))

    def _parents(self, question: str) -> dict[str, str]:
        return {label.id: label.parent or "" for label in self.questions[question].labels}


class TrainingCrosswalk(_Frozen):
    """From labels of the training sets to our topics, and from topics to the twelve groups."""

    version: Text
    allsides_tags: dict[str, str]
    coarse_groups: dict[str, tuple[str, ...]]
    topic_to_coarse: dict[str, str]
    huffpost_sections: dict[str, str]


class MbdCrosswalk(_Frozen):
    """Between our names and those of the Media Bias Detector, in both directions.

    Ours to theirs is the nearest one; theirs to ours is empty where none of ours is the same.
    `sentence_counts` gives the column of its article table that counts each sentence label.
    """

    version: Text
    topic_to_mbd: dict[str, str]
    mbd_to_topic: dict[str, str]
    subtopic_to_mbd: dict[str, str]
    mbd_to_subtopic: dict[str, str]
    sentence_counts: dict[str, dict[str, str]]


@cache
def load(version: str = "v1") -> Codebook:
    """The codebook of a version; Misconfigured when a file is missing or breaks a rule."""
    folder = FOLDER / version
    paths = sorted(folder.rglob("*.toml"))
    if not paths:
        raise Misconfigured("codebook-unknown", f"there is no codebook {version!r}")
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(folder).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes())
    read = {path.stem: _question(path) for path in paths if path.parent == folder}
    for path in paths:
        if path.parent != folder and path.parent.name not in read:
            _broken(path, f"there is no {path.parent.name}.toml that asks the question")
    questions = {name: question for name, (question, _) in read.items()}
    for question, homes in read.values():
        _check_labels(question, homes, questions)
    return Codebook(version=version, digest=digest.hexdigest()[:12], questions=questions)


@cache
def training_crosswalk() -> TrainingCrosswalk:
    """The crosswalk of training labels; Misconfigured when the file breaks a rule."""
    return _crosswalk("crosswalk_training.toml", TrainingCrosswalk)


@cache
def mbd_crosswalk() -> MbdCrosswalk:
    """The crosswalk to the Media Bias Detector; Misconfigured when the file breaks a rule."""
    return _crosswalk("crosswalk_mbd.toml", MbdCrosswalk)


def _question(path: Path) -> tuple[Question, list[Path]]:
    """The question of a file and its further files, with the file that each label stands in."""
    raw = _parsed(path)
    labels, homes = _labels(raw, path)
    for part in sorted(path.with_suffix("").glob("*.toml")):
        more = _parsed(part)
        if set(more) != {"labels"}:
            _broken(part, "it may hold labels only")
        entries, places = _labels(more, part)
        labels += entries
        homes += places
    question = _validated(Question, {**raw, "labels": labels}, path, homes)
    if question.id != path.stem:
        _broken(path, f"its question calls itself {question.id!r}")
    return question, homes


def _labels(raw: dict[str, Any], path: Path) -> tuple[list[Any], list[Path]]:
    found = raw.get("labels", [])
    if not isinstance(found, list):
        _broken(path, "labels must be a list of tables")
    return list(found), [path] * len(found)


def _check_labels(question: Question, homes: list[Path], all_: dict[str, Question]) -> None:
    """Rules that only hold between labels: ids and names once, every parent known."""
    above = PARENT_QUESTION.get(question.id)
    parents = {None} if above is None else set(all_[above].label_ids) if above in all_ else set()
    ids: set[str] = set()
    names: set[str] = set()
    for label, path in zip(question.labels, homes, strict=True):
        if label.id in ids:
            _broken(path, f"label {label.id!r} stands there twice")
        if label.name.casefold() in names:
            _broken(path, f"label {label.id!r}: another label is called {label.name!r} too")
        if label.parent not in parents:
            _broken(path, f"label {label.id!r}: {label.parent!r} is no {above or 'parent'} of ours")
        ids.add(label.id)
        names.add(label.name.casefold())


def _crosswalk(name: str, model: type[M]) -> M:
    path = FOLDER / name
    return _validated(model, _parsed(path), path, [])


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured("codebook-broken", f"{_place(path)}: {error}") from error


def _validated(model: type[M], raw: dict[str, Any], path: Path, homes: list[Path]) -> M:
    """The record, or one line that names the file and the label of the first fault."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        fault = error.errors()[0]
        where = fault["loc"]
        if len(where) > 1 and where[0] == "labels" and isinstance(where[1], int):
            entry = raw["labels"][where[1]]
            name = entry.get("id", where[1]) if isinstance(entry, dict) else where[1]
            path, where = homes[where[1]], (f"label {name!r}", *where[2:])
        told = ": ".join((*map(str, where), fault["msg"]))
        raise Misconfigured("codebook-broken", f"{_place(path)}: {told}") from error


def _broken(path: Path, why: str) -> NoReturn:
    raise Misconfigured("codebook-broken", f"{_place(path)}: {why}")


def _place(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()
