"""The public shapes of what was made of the texts of events and stories."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schemas import ARTICLE_ID, EVENT_ID, SHA256, WHEN, Page, Shape, _f


class Takeaway(Shape):
    """What an event comes to: the words of a label, or a fact by its number."""

    fact: int | None = Field(None, description="Number of the fact; null: it is a label.")
    annotation_id: int | None = Field(None, description="The label.", examples=[4711])
    article_id: str | None = Field(None, description="The article it is of.", examples=[ARTICLE_ID])
    text: str | None = Field(
        None, description="Its words.", examples=["The vote was put off for the second time."]
    )
    labeller: str | None = Field(None, description="Who wrote them.", examples=["vllm"])


class EventState(Shape):
    """The title of an event with where it is from, and what was made of its texts."""

    event_id: str = _f("Event id.", EVENT_ID)
    title: str = _f("The title that wins.", "Ferry vote delayed")
    title_from: str = _f("person, model or headline.", "headline")
    headline: str = _f("Title by the ledger: a headline, or a person's word.", "Ferry vote delayed")
    title_article_id: str | None = _f("The article the headline is of.", ARTICLE_ID)
    title_by: str | None = _f("Who gave it, if a person did.", "human:ada")
    asked_title: str | None = _f("Title that a model gave, if one was asked.", "Ferry vote delayed")
    model: str | None = _f("Which model.", "some-model")
    model_revision: str | None = _f("Which version of it.", "a1b2c3")
    prompt_digest: str | None = _f("SHA-256 of the prompt.", SHA256)
    asked_at: datetime | None = _f("When it was asked.", WHEN)
    method: str | None = _f("How facts were found; null: they were not looked for yet.", "facts-1")
    made_at: datetime | None = _f("When.", WHEN)
    outlets: list[str] = _f("Outlets whose texts were read.", ["harborledger"])
    unlabelled: int | None = _f("Articles without labels of sentences, read but for quotations.", 0)
    sentences: int | None = _f("Sentences that can state a fact.", 120)
    compared: int | None = _f("Distinct ones, which were compared.", 96)
    facts: int | None = _f("Facts found: list them with `/facts`.", 40)
    exclusives: int | None = _f("Those that one outlet alone told.", 12)
    takeaways: list[Takeaway] = _f("What it comes to.")


class Fact(Shape):
    """Something that was told of an event: by whom, and by whom not."""

    number: int = _f("Number of the fact in the event.", 1)
    outlets: list[str] = _f("Outlets that printed it, be it in a copy.", ["harborledger"])
    left_out_by: list[str] = _f("Outlets that covered the event without it.", ["kestrelcourier"])
    sources: int = _f("Texts that state it, copies counted as one.", 2)
    exclusive: bool = _f("One outlet alone printed it while others covered the event.", False)
    sentences: int = _f("Sentences that state it.", 3)
    article_id: str = _f("Article of the sentence that stands for it.", ARTICLE_ID)
    sentence: int = _f("Number of that sentence, from 0.", 2)
    publisher_id: str | None = _f("Whose it is.", "harborledger")
    url: str | None = _f("Where to read on.", "https://harborledger.example/2026/ferry")
    quote: str | None = _f(
        "At most 25 words of it; null where the text is no longer stored.", "The vote was put off."
    )


class FactPage(Page[Fact]):
    """Facts of an event, most sources first."""


class Step(Shape):
    """One telling of an amount."""

    value: int = _f("Which of the values of the slot, from 0.", 1)
    role: str = _f(
        "new: first told; repeat; stale: after a newer value was told; former: told as holding no "
        "more.",
        "new",
    )
    written: str = _f("As it is written.", "14")
    told_at: datetime = _f("When.", WHEN)
    publisher_id: str = _f("Who told it.", "harborledger")
    publisher: str = _f("The same by name.", "The Harbor Ledger")
    article_id: str = _f("Where.", ARTICLE_ID)
    sentence: int = _f("Number of the sentence, from 0; −1: the headline.", 2)
    url: str | None = _f("Where to read on.", "https://harborledger.example/2026/ferry")
    quote: str | None = _f("At most 25 words of it.", "The toll rose to 14.")


class Slot(Shape):
    """An amount of a story whose value changed: each value, who told it, and what stands."""

    number: int = _f("Number of the slot in the story.", 1)
    name: str = _f("What it is an amount of.", "people killed")
    unit: str = _f("count, percent, money, tally or span.", "count")
    told: list[str] = _f("Its values as written, the latest last.", ["11", "14"])
    latest: str = _f("The value that stands.", "14")
    latest_by: list[str] = _f("Outlets that told it.", ["The Harbor Ledger"])
    steps: list[Step] = _f("Every telling, in the order of time.")
    method: str = _f("How it was read.", "slots-1")
    made_at: datetime = _f("When.", WHEN)


class StoryState(Shape):
    """What a story has come to: its amounts with their latest values."""

    story_id: str = _f("Story id.", EVENT_ID)
    title: str | None = _f("Its title.", "The harbour ferry")
    made: bool = _f("It was looked at; else there is nothing to say yet.", True)
    slots: list[Slot] = _f("Amounts whose value changed.")
