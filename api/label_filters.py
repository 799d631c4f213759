"""What may be asked of labels, and of the runs that made them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from api import run_schemas, schemas
from api.filters import Asked, From, Listed, RunId, Seen, Text, To, given
from newsroom.records import Stage
from newsroom.store.reading.where import Where


class RunsQuery(Listed):
    """Parameters of the runs."""

    row = run_schemas.Run


class AnnotationsQuery(Seen, Listed):
    """Parameters of all labels of a run."""

    row = schemas.AnnotationRow

    article: Text | None = Field(None, description="Article id.")
    publisher: list[Text] = Field(
        [], max_length=50, description="Outlet id; repeat it for several.", examples=[["bbc"]]
    )
    stage: Stage | None = Field(None, description="What is labelled.", examples=["lean"])
    scope: Literal["article", "headline", "sentence"] | None = Field(
        None, description="Labels of whole articles, of headlines, or of single sentences."
    )
    label: Text | None = Field(None, description="The label.", examples=["center"])
    made_from: From | None = Field(None, description="Made on this day or later.")
    made_to: To | None = Field(None, description="Made on this day, included whole, or before.")
    current: bool | None = Field(
        None, description="Only those on the texts of now, or only the others; both by default."
    )
    sort: Literal["annotation_id", "-annotation_id"] = Field(
        "annotation_id", description="In the order in which they were made, or newest first."
    )

    def where(self, run_id: str | None) -> Where:
        """The store's conditions on the labels of one run."""
        plain = ("article", "publisher", "stage", "scope", "label", "made_from", "made_to")
        values = given(self, plain)
        names = list(values)
        if self.current is not None:
            names.append("current" if self.current else "replaced")
        return Where(names=tuple(names), values={**values, "run_id": run_id})


class OwnAnnotationsQuery(Asked):
    """Parameters of an article's annotations."""

    run: RunId | None = Field(None, description="Only labels of this run; of all by default.")
    current: bool | None = Field(
        None,
        description="Only those in force, or only the others; both by default. In force are labels "
        "of the promoted run, or of the one asked for, on the text of now.",
    )
    sentences: bool = Field(False, description="Add the labels of single sentences.")


class CodebookQuery(Seen):
    """Parameters of the codebook."""

    version: Text | None = Field(
        None, description="Version, instead of a run; the one of the run by default."
    )

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.version and (self.run or self.labeller or self.codebook):
            raise ValueError("give a run or a version, not both")
        return self


class CompareQuery(Asked):
    """Parameters of a comparison of two runs."""

    a: RunId
    b: RunId
    panel: Text | None = Field(
        None, description="Panel whose texts are compared; all current ones by default."
    )
