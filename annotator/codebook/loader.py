"""Read a codebook version and its crosswalks; pydantic checks them at this door."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from newsroom.errors import Misconfigured

FOLDER = Path(__file__).parent
TOPIC, CATEGORY = "topic", "category"

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


class LabelEntry(_Frozen):
    """One answer of a question, with what belongs to it and what does not."""

    id: Text
    name: Text
    definition: Text
    include: Text
    exclude: Text
    examples: tuple[Text, Text]
    parent: str | None = None


class Question(_Frozen):
    """One file of the codebook: a question, the units it is asked of and its answers."""

    id: Text
    question: Text
    units: tuple[Text, ...]
    unvalidated_units: tuple[Text, ...] = ()
    tie_rules: tuple[Text, ...]
    labels: tuple[LabelEntry, ...]
    scale: Scale | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = self.label_ids
        if len(set(ids)) != len(ids):
            raise ValueError(f"{self.id} has a label twice")
        if self.scale and not set(self.scale.map) <= set(ids):
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

    @model_validator(mode="after")
    def _topics_have_categories(self) -> Self:
        categories = set(self.questions[CATEGORY].label_ids)
        for label in self.questions[TOPIC].labels:
            if label.parent not in categories:
                raise ValueError(f"topic {label.id} has no category")
        return self

    def category_of(self, topic: str) -> str:
        """The category a topic belongs to; KeyError for a topic of another codebook."""
        return self._parents[topic]

    @property
    def _parents(self) -> dict[str, str]:
        return {label.id: label.parent or "" for label in self.questions[TOPIC].labels}


class TrainingCrosswalk(_Frozen):
    """From labels of the training sets to our topics, and from topics to the twelve groups."""

    version: Text
    allsides_tags: dict[str, str]
    coarse_groups: dict[str, tuple[str, ...]]
    topic_to_coarse: dict[str, str]
    huffpost_sections: dict[str, str]


class MbdCrosswalk(_Frozen):
    """From our topics to topic names of the Media Bias Detector."""

    version: Text
    topic_to_mbd: dict[str, str]


@cache
def load(version: str = "v1") -> Codebook:
    """The codebook of a version; Misconfigured when a file is missing or breaks a rule."""
    paths = sorted((FOLDER / version).glob("*.toml"))
    if not paths:
        raise Misconfigured("codebook-unknown", f"there is no codebook {version!r}")
    digest = hashlib.sha256()
    questions = {}
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
        questions[path.stem] = _read(path, Question)
    try:
        return Codebook(version=version, digest=digest.hexdigest()[:12], questions=questions)
    except ValidationError as error:
        raise Misconfigured("codebook-broken", f"codebook {version}: {error}") from error


@cache
def training_crosswalk() -> TrainingCrosswalk:
    """The crosswalk of training labels; Misconfigured when the file breaks a rule."""
    return _read(FOLDER / "crosswalk_training.toml", TrainingCrosswalk)


@cache
def mbd_crosswalk() -> MbdCrosswalk:
    """The crosswalk to the Media Bias Detector; Misconfigured when the file breaks a rule."""
    return _read(FOLDER / "crosswalk_mbd.toml", MbdCrosswalk)


def _read(path: Path, model: type[M]) -> M:
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise Misconfigured("codebook-broken", f"{path.name}: {error}") from error
