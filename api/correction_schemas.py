"""The public shapes of corrections, edits and jobs: what people send, and what is kept of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.filters import Listed, Text
from api.schemas import ARTICLE_ID, EVENT_ID, SHA256, WHEN, Page, Shape, _f
from newsroom.records import Scope, Stage

REASON_MAX: Final = 2_000
LABEL_MAX: Final = 200
TITLE_MAX: Final = 300
ARTICLES_MAX: Final = 300  # of an edit: they fit into the largest body
SENTENCE_MAX: Final = 10_000
NUMBER_MAX: Final = 2**31 - 1


def _storable(value: str) -> str:
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("a character is in it that no text has")
    if not value.strip():
        raise ValueError("it is empty")
    return value.strip()


Said = Annotated[str, AfterValidator(_storable)]
Reason = Annotated[
    Said,
    Field(max_length=REASON_MAX, description="Why, in words.", examples=["It quotes, no more."]),
]
Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=[EVENT_ID])]


class Sent(BaseModel):
    """What a request says; a field that means nothing is refused."""

    model_config = ConfigDict(extra="forbid")


class Spoken(Sent):
    """Which label is spoken of."""

    article_id: Id = Field(description="Article.", examples=[ARTICLE_ID])
    run: Id | None = Field(None, description="Whose label; that of the promoted run by default.")
    stage: Stage = Field(description="What is labelled.", examples=["lean"])
    scope: Scope = Field(Scope.ARTICLE, description="The article, its headline or a sentence.")
    sentence: int | None = Field(
        None, ge=0, le=SENTENCE_MAX, description="Number of the sentence, from 0."
    )
    reason: Reason

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if (self.scope is Scope.SENTENCE) != (self.sentence is not None):
            raise ValueError("a sentence's number goes with the scope sentence, and only with it")
        if self.stage.value.startswith("sentence_") != (self.scope is Scope.SENTENCE):
            raise ValueError("questions about sentences go with the scope sentence, others do not")
        return self


class NewDispute(Spoken):
    """A label that somebody holds to be wrong."""

    wrong: Literal["label", "evidence", "reason", "missing", "other"] = Field(
        "label", description="What is wrong: the label or score, what it rests on, what is said "
        "of it, that there is none, or something else."
    )  # fmt: skip
    suggested_label: Said | None = Field(
        None, max_length=LABEL_MAX, description="What it should be.", examples=["center"]
    )
    suggested_score: float | None = Field(
        None, ge=-5, le=5, allow_inf_nan=False, description="The same on the scale."
    )


class NewOverride(Spoken):
    """A person's label."""

    label: Said | None = Field(
        None, max_length=LABEL_MAX, description="Label, of those the codebook has."
    )
    score: float | None = Field(
        None, ge=-5, le=5, allow_inf_nan=False, description="Score, where the question has a scale."
    )
    evidence: list[Annotated[int, Field(ge=0, le=SENTENCE_MAX)]] = Field(
        [], max_length=50, description="Numbers of the sentences it rests on.", examples=[[0, 3]]
    )
    dispute_id: int | None = Field(
        None, ge=1, le=NUMBER_MAX, description="The dispute that it answers."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.label is None and self.score is None:
            raise ValueError("give a label, a score, or both")
        return self


class _Edit(Sent):
    reason: Reason
    seen: int | None = Field(
        None,
        ge=0,
        le=2**53,
        description="The version that you saw: refused if it was changed since.",
    )


class Rename(_Edit):
    """Give the event a title."""

    action: Literal["rename"]
    title: Said = Field(
        max_length=TITLE_MAX, description="The title.", examples=["Ferry vote delayed"]
    )


class Split(_Edit):
    """Take articles out of the event; two or more become an event of their own."""

    action: Literal["split"]
    articles: list[Id] = Field(
        min_length=1, max_length=ARTICLES_MAX, description="The articles that go."
    )


class Merge(_Edit):
    """Make other events part of this one."""

    action: Literal["merge"]
    events: list[Id] = Field(min_length=1, max_length=50, description="The events that end.")


class Undo(_Edit):
    """Reverse an entry of the event's lineage."""

    action: Literal["undo"]
    entry_id: int = Field(ge=1, le=2**53, description="Number of the entry.", examples=[4711])


NewEdit = Annotated[Rename | Split | Merge | Undo, Field(discriminator="action")]


class SplitStory(_Edit):
    """Take events, and articles outside its events, out of the story; together they become one.

    One article alone is in no story afterwards.
    """

    action: Literal["split"]
    events: list[Id] = Field([], max_length=50, description="The events that go, each whole.")
    articles: list[Id] = Field(
        [], max_length=ARTICLES_MAX, description="The articles outside events that go."
    )

    @model_validator(mode="after")
    def _takes_something(self) -> Self:
        if not self.events and not self.articles:
            raise ValueError("name events or articles that go")
        return self


class MergeStories(_Edit):
    """Make other stories part of this one."""

    action: Literal["merge"]
    stories: list[Id] = Field(min_length=1, max_length=50, description="The stories that end.")


NewStoryEdit = Annotated[Rename | SplitStory | MergeStories | Undo, Field(discriminator="action")]


class Dispute(Shape):
    """A disputed label and what was decided."""

    dispute_id: int = _f("Number.", 12)
    article_id: str = _f("Article.", ARTICLE_ID)
    content_sha256: str = _f("SHA-256 of the text that the label is of.", SHA256)
    run_id: str = _f("Whose label.", ARTICLE_ID)
    stage: str = _f("What is labelled.", "lean")
    scope: str = _f("article, headline or sentence.", "article")
    sentence: int | None = _f("Sentence number from 0.")
    wrong: str = _f("label, evidence, reason, missing or other.", "label")
    suggested_label: str | None = _f("What it should be.", "center")
    suggested_score: float | None = _f("The same on the scale.", 0.0)
    reason: str = _f("Why.", "Both sides are quoted at like length.")
    by: str = _f("Who disputes.", "human:ada")
    made_at: datetime = _f("When.", WHEN)
    state: str = _f("open or resolved.", "open")
    outcome: str | None = _f("upheld or declined; null while it is open.", "upheld")
    note: str | None = _f("What was decided, in words.")
    resolved_by: str | None = _f("Who decided.")
    resolved_at: datetime | None = _f("When.")


class DisputePage(Page[Dispute]):
    """Disputes, newest first."""


class Override(Shape):
    """A label that a person gave; it stands beside those of runs and replaces none."""

    override_id: int = _f("Number.", 7)
    annotation_id: int = _f("Its annotation.", 4711)
    article_id: str = _f("Article.", ARTICLE_ID)
    content_sha256: str = _f("SHA-256 of the text it was made on.", SHA256)
    overridden: str = _f("The run beside whose label it stands.", ARTICLE_ID)
    run_id: str = _f("The person's own run.", ARTICLE_ID)
    stage: str = _f("What is labelled.", "lean")
    scope: str = _f("article, headline or sentence.", "article")
    sentence: int | None = _f("Sentence number from 0.")
    label: str | None = _f("Label.", "center")
    score: float | None = _f("Score, −5 to +5.", 0.0)
    reason: str | None = _f("Why.")
    evidence: list[int] = _f("Numbers of the sentences it rests on, from 0.", [0])
    dispute_id: int | None = _f("The dispute that it answers.", 12)
    by: str = _f("Who gave it.", "human:ada")
    made_at: datetime = _f("When.", WHEN)
    current: bool = _f("The last word of a person on this label of the text of now.", True)


class OverridePage(Page[Override]):
    """Overrides, newest first."""


class LoggedChange(Shape):
    """One change that a person made to what readers see."""

    at: datetime = _f("When.", WHEN)
    change_id: str = _f("Kind and number.", "dispute-12")
    kind: str = _f("dispute, resolution, override, event-edit, promotion or takedown.", "dispute")
    by: str = _f("Who: human:<name>, or operator.", "human:ada")
    article_id: str | None = _f("Article, where it is about one.", ARTICLE_ID)
    event_id: str | None = _f("Event or story, where it is about one.", EVENT_ID)
    run_id: str | None = _f("Run, where it is about one.", ARTICLE_ID)
    reason: str | None = _f("Why, as given.")
    details: dict[str, Any] = _f("What else there is, by kind.", {"stage": "lean"})


class ChangeLog(Page[LoggedChange]):
    """The change log, newest first."""


class DisputesQuery(Listed):
    """Parameters of the disputes."""

    row = Dispute

    article: Text | None = Field(None, description="Only of this article.")
    state: Literal["open", "resolved"] | None = Field(None, description="Only open, or resolved.")


class OverridesQuery(Listed):
    """Parameters of the overrides."""

    row = Override

    article: Text | None = Field(None, description="Only of this article.")


class ChangesQuery(Listed):
    """Parameters of the change log."""

    row = LoggedChange

    kind: (
        Literal["dispute", "resolution", "override", "event-edit", "promotion", "takedown"] | None
    ) = Field(None, description="Only changes of this kind.")


class JobError(Shape):
    """Why a job failed."""

    code: str = _f("Code, in kebab case.", "changed-since")
    message: str = _f("The same in words.", "the event was changed since")


class Job(Shape):
    """Something asked for that takes longer than an answer."""

    job_id: str = _f("Id; only the key that asked can look.", ARTICLE_ID)
    kind: str = _f("What is done.", "event-edit")
    state: str = _f("due, leased (at work), done or failed.", "done")
    progress: float | None = _f("How far, 0 to 1, where that is known.", 1.0)
    result: dict[str, Any] | None = _f("What came of it.", {"entry_id": 31})
    error: JobError | None = _f("Why it failed.")
    requested_at: datetime = _f("When it was asked for.", WHEN)
    changed_at: datetime = _f("When anything of this changed last.", WHEN)
