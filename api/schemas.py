"""The public shapes. Every field says what it is; an unknown value is null, never left out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

ARTICLE_ID = "3f1c9a0b6d2e4f57a8b1c2d3e4f50617"
EVENT_ID = "9b2f6c1d0e3a4b58c7d6e5f4a3b2c1d0"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
WHEN = "2026-11-20T08:15:00Z"

Row = TypeVar("Row")


def _f(description: str, example: object = None) -> Any:
    return Field(description=description, examples=[example] if example is not None else None)


class Shape(BaseModel):
    """Base of all: no surprises from outside, no extra fields."""

    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)


class Meta(Shape):
    """About a page of a list."""

    limit: int = _f("Rows of a page.", 50)
    total: int | None = _f("Rows of the whole list; null unless `count=true`.", 1204)


class RunName(Shape):
    """Whose labels are shown."""

    run_id: str = _f("Digest of the configuration.", ARTICLE_ID)
    labeller: str = _f("Who labelled.", "embedded")
    labeller_revision: str = _f("Which version of it.", "a1b2c3")
    codebook_version: str = _f("Definitions used.", "v1")


SHOWN = "The run whose labels are shown; null before the first run."


class LabelsMeta(Meta):
    """About a page of a list that shows labels."""

    run: RunName | None = _f(SHOWN)


class AsOf(Shape):
    """As of which time an answer is, and what of it keeps no history."""

    at: datetime = _f("The time.", WHEN)
    ledger_version: int | None = _f(
        "Version of the ledger of events at the time; null: it had not begun, and who was in which "
        "event is not known.",
        17,
    )
    of_now: list[str] = _f("What keeps no history, and is as it is now.", ["publisher"])


class ThenMeta(LabelsMeta):
    """About a page of a list that can be had as of a time."""

    as_of: AsOf | None = _f("Null: as of now.")


class Page(Shape, Generic[Row]):
    """What every list has."""

    data: list[Row]
    next_cursor: str | None = _f("`cursor` of the next page; null on the last one.")
    meta: Meta


class Outlet(Shape):
    """An outlet, with what is stored of it."""

    publisher_id: str = _f("Outlet id.", "harborledger")
    name: str = _f("Display name.", "The Harbor Ledger")
    domain: str = _f("Registered domain.", "harborledger.example")
    country: str | None = _f("ISO 3166-1 code; null where nobody described the outlet.", "US")
    demo: bool = _f("A fictional outlet of the demo.", False)
    verified: bool = _f("Its addresses were checked against the live site.", True)
    articles: int = _f("Articles stored, duplicates included.", 312)
    first_at: datetime | None = _f("Time of the oldest article.", WHEN)
    last_at: datetime | None = _f("Time of the newest article.", WHEN)
    refusals: int = _f("Pages refused.", 7)


class OutletPage(Page[Outlet]):
    """Outlets by id."""


class Labels(Shape):
    """Labels of the run shown, on the text of now; one that was not made is null, never zero."""

    lean: float | None = _f("Body: −5 (left) to +5 (right).", -1.2)
    lean_confidence: float | None = _f("Probability of the likeliest class.", 0.61)
    headline_lean: float | None = _f("Headline alone, same scale; unvalidated.", 0.3)
    headline_tone: float | None = _f("Headline alone, same scale; unvalidated.", -1.0)
    tone: float | None = _f("Body: −5 (negative) to +5 (positive).", -2.0)
    tone_confidence: float | None = _f("Probability of the likeliest class.", 0.7)
    category: str | None = _f("Top of the topic tree.", "Politics")
    topic: str | None = _f("Second level of the topic tree.", "Elections")
    topic_confidence: float | None = _f("Probability of the topic.", 0.83)
    subtopic: str | None = _f("Third level of the topic tree.", "Local elections")
    news_type: str | None = _f("News report, news analysis or opinion.", "news report")
    news_type_confidence: float | None = _f("Probability of the news type.", 0.95)


class SentenceCounts(Shape):
    """How many sentences have which label; null: that question was not answered in this run."""

    sent_type_fac: int | None = _f("Facts.", 14)
    sent_type_opn: int | None = _f("Opinions.", 1)
    sent_type_quo: int | None = _f("Quotes.", 6)
    sent_type_bor: int | None = _f("Between fact and opinion.", 2)
    sent_type_oth: int | None = _f("Of no such type.", 0)
    sent_tone_neg: int | None = _f("Negative.", 7)
    sent_tone_neu: int | None = _f("Neutral.", 14)
    sent_tone_pos: int | None = _f("Positive.", 2)
    sent_focus_dem: int | None = _f("About Democrats.", 3)
    sent_focus_rep: int | None = _f("About Republicans.", 2)
    sent_focus_bth: int | None = _f("About both.", 1)
    sent_focus_non: int | None = _f("About neither.", 17)


class ArticleRow(Shape):
    """One article in its current revision, without its text."""

    article_id: str = _f("Digest of the canonical address.", ARTICLE_ID)
    revision: int = _f("Number of the current revision, from 1.", 1)
    url: str = _f("Address it was found under.", "https://harborledger.example/2026/ferry")
    title: str = _f("Headline as printed.", "Council delays ferry vote again")
    publisher_id: str = _f("Outlet id.", "harborledger")
    publisher: str = _f("Outlet name.", "The Harbor Ledger")
    bylines: list[str] = _f("Authors as printed.", ["Ada Quill"])
    published_at: datetime | None = _f("As the page or feed says; null: absent or refused.", WHEN)
    date_source: str = _f("Where the date was read: page, feed, import, refused, absent.", "page")
    language: str = _f("ISO 639-1 code found in the text.", "en")
    words: int = _f("Words of the body.", 640)
    section: str | None = _f("Section as the outlet names it.", "Local")
    form: str | None = _f(
        "What it is where it is no ordinary article, such as live-blog; it stays out of averages."
    )
    wire_source: str | None = _f("News agency or other outlet whose text it is.", "Reuters")
    duplicate_of: str | None = _f("Article stored before with this text.")
    duplicate_reason: str | None = _f("Why it is a duplicate: same-text or near-copy.")
    event_id: str | None = _f("Event it belongs to.", EVENT_ID)
    story_id: str | None = _f("Story it belongs to.", EVENT_ID)
    labels: Labels | None = _f("Null where nothing was labelled yet.")
    sentence_counts: SentenceCounts | None = _f("Null where no sentence was labelled.")


class ArticlePage(Page[ArticleRow]):
    """Articles in order of their time."""

    meta: ThenMeta


class Provenance(Shape):
    """Where the text came from, down to the archived bytes."""

    fetched_at: datetime = _f("When the page was read.", WHEN)
    via: str = _f("Door: front-page, feed, sitemap, fetch, replay, import.", "feed")
    extractor: str = _f("Extractor and version.", "trafilatura 2.0")
    page_id: str | None = _f("Archived page; null where the text was imported.", ARTICLE_ID)
    final_url: str | None = _f("Address after redirects.")
    body_sha256: str | None = _f("SHA-256 of the page's bytes.", SHA256)
    warc_file: str | None = _f("Archive file.", "2026-11-20.warc.gz")
    warc_offset: int | None = _f("Bytes from the start of that file.", 48211)


class Revision(Shape):
    """One version of an article that was seen."""

    revision: int = _f("From 1.", 1)
    title: str = _f("Headline of this version.", "Council delays ferry vote again")
    words: int = _f("Words of the body.", 640)
    fetched_at: datetime = _f("When it was first seen.", WHEN)
    superseded_at: datetime | None = _f("When the next version was seen; null: current.")
    content_sha256: str = _f("SHA-256 of headline, blank line and text.", SHA256)


class EventName(Shape):
    """An event by name."""

    event_id: str = _f("Event id.", EVENT_ID)
    title: str = _f("Title: the headline of its most central article.", "Ferry vote delayed")


class Work(Shape):
    """Where an article stands in one stage of the pipeline."""

    stage: str = _f("Stage.", "label")
    state: str = _f("due, leased, done or quarantined.", "done")
    error_code: str | None = _f("Why it failed last.", "worker-lost")
    due_at: datetime = _f("When it was, or will be, due.", WHEN)
    changed_at: datetime = _f("Last change of state.", WHEN)


class Annotation(Shape):
    """One label with everything needed to replay it."""

    annotation_id: int = _f("Row number.", 4711)
    stage: str = _f("What is labelled.", "lean")
    scope: str = _f("article, headline or sentence.", "article")
    sentence: int | None = _f("Sentence number from 0, for the scope sentence.")
    label: str | None = _f("Class, where the stage has classes.", "center")
    score: float | None = _f("−5 to +5, where the stage has a scale.", -0.4)
    confidence: float | None = _f("Probability of the label.", 0.58)
    distribution: dict[str, float] | None = _f("Probability of each class.", {"left": 0.3})
    scale: str | None = _f("How the score was made, for instance mapped3.", "mapped3")
    validated: bool = _f("This score was checked on outlets unseen in training.", True)
    text: str | None = _f("The answer to a question that is answered in words.")
    reason: str | None = _f("Why, in words, where the labeller gives them.")
    evidence: list[int] = _f("Numbers of the sentences it rests on, from 0.", [0, 3])
    labeller: str = _f("Who labelled.", "embedded")
    labeller_revision: str = _f("Which version of it.", "a1b2c3")
    codebook_version: str = _f("Definitions used.", "v1")
    prompt_digest: str | None = _f("SHA-256 of the prompt, where there is one.")
    run_id: str = _f("Labelling configuration.", ARTICLE_ID)
    memory_sequence: int | None = _f("Number of the memory it was read as of, if it read any.")
    answer_id: str | None = _f("The model's answer it was read from, if a model was asked.")
    content_sha256: str = _f("SHA-256 of the headline and text it was made on.", SHA256)
    made_at: datetime = _f("When.", WHEN)
    superseded_at: datetime | None = _f("When the same run labelled a newer text.")
    current: bool = _f("In force: of the run shown, and made on the text of now.", True)


class AnnotationList(Shape):
    """Every annotation of an article, newest first; never cut into pages."""

    data: list[Annotation]
    next_cursor: None = _f("Always null.")
    meta: LabelsMeta


class AnnotationRow(Annotation):
    """A label of any article."""

    article_id: str = _f("The article.", ARTICLE_ID)
    publisher_id: str | None = _f("Outlet; null where the text is not stored any more.", "bbc")
    current: bool = _f("Made on the text of now.", True)


class AnnotationPage(Page[AnnotationRow]):
    """Labels of one run."""

    meta: LabelsMeta


class Quote(Shape):
    """A sentence that labels rest on, cut to at most 25 words."""

    sentence: int = _f("Number from 0.", 3)
    quote: str = _f("The sentence, or its first words.", "The vote was put off.")
    cut: bool = _f("The sentence is longer.", False)


class SentenceLabel(Shape):
    """One label of one sentence."""

    label: str | None = _f("Label.", "fact")
    confidence: float | None = _f("Probability of the label.", 0.8)
    validated: bool = _f("This label was checked on outlets unseen in training.", True)
    reason: str | None = _f("Why, in words, where the labeller gives them.")


class LabelName(Shape):
    """A label by what it is of."""

    stage: str = _f("What is labelled.", "lean")
    scope: str = _f("article or headline.", "article")


class Sentence(Shape):
    """One sentence of the current text: its place and its labels."""

    sentence: int = _f("Number from 0.", 3)
    start: int = _f("Where it starts, in characters of the text.", 211)
    end: int = _f("Where it ends.", 290)
    type: SentenceLabel | None = _f("fact, opinion, quote, borderline or other.")
    tone: SentenceLabel | None = _f("negative, neutral or positive.")
    focus: SentenceLabel | None = _f("democrat, republican, both or neither.")
    evidence_of: list[LabelName] = _f("Labels of the article that rest on it.")
    quote: str | None = _f("At most 25 words of it; null where no label rests on it.")
    cut: bool = _f("The quoted sentence is longer.", False)


class SentenceList(Shape):
    """Every sentence of an article; never cut into pages."""

    data: list[Sentence]
    next_cursor: None = _f("Always null.")
    meta: LabelsMeta


class Article(ArticleRow):
    """One article with everything known of it but its text."""

    text: str | None = _f("The text; null unless a key with the scope text:read asks for it.")
    modified_at: datetime | None = _f("When the outlet says it changed it.")
    content_sha256: str = _f("SHA-256 of headline, blank line and text.", SHA256)
    provenance: Provenance
    revisions: list[Revision] = _f("Every version seen, newest first.")
    event: EventName | None = _f("The event it belongs to.")
    work: list[Work] = _f("Where it stands in each stage.")
    run: RunName | None = _f(SHOWN)
    annotations: list[Annotation] = _f("Labels in force, without those of single sentences.")
    quotes: list[Quote] = _f("The sentences those labels rest on.")


class Cell(Shape):
    """One cell of a trend: a key for each dimension asked for, and what was measured there."""

    # What was not asked for is left out.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    publisher: str | None = Field(None, description="Outlet id.", examples=["harborledger"])
    day: date | None = Field(None, description="Day, UTC.")
    week: date | None = Field(None, description="Monday of the week, UTC.")
    month: date | None = Field(None, description="First of the month, UTC.")
    category: str | None = Field(None, description="Category; null: no such label yet.")
    topic: str | None = Field(None, description="Topic; null: no such label yet.")
    subtopic: str | None = Field(None, description="Subtopic; null: no such label yet.")
    news_type: str | None = Field(None, description="News type; null: no such label yet.")
    lean_bin: int | None = Field(None, description="Lean rounded to a whole number.", examples=[-1])
    tone_bin: int | None = Field(None, description="Tone rounded to a whole number.", examples=[-2])
    n: int = _f("Articles counted or averaged.", 42)
    outlets: int | None = Field(None, description="With equal outlets: how many.", examples=[7])
    n_unweighted: int | None = Field(
        None,
        description="With prominence: measured articles that never had a rank on their outlet's "
        "front page; they are not in n.",
        examples=[12],
    )
    n_effective: float | None = Field(
        None, description="With prominence: equal weights worth as much (Kish).", examples=[21.4]
    )
    weight: float | None = Field(
        None, description="With prominence: sum of the weights of the n articles.", examples=[9.6]
    )
    mean: float | None = _f("Mean score, or share; null for the metric articles.", -0.7)
    ci_low: float | None = _f("Lower end of the 95 % interval; null when n < 2.", -1.1)
    ci_high: float | None = _f("Upper end of the 95 % interval; null when n < 2.", -0.3)


class TrendMeta(Shape):
    """What the cells are."""

    metric: str = _f("What is counted or averaged.", "lean")
    by: list[str] = _f("Dimensions.", ["publisher", "week"])
    weights: str = _f("What counts the same: article, outlet or prominence.", "article")
    run: RunName | None = _f(SHOWN)
    as_of: AsOf | None = _f("Null: as of now.")
    interval: str | None = _f("normal (of a mean), wilson (of a share), or null.", "normal")
    n: int = _f("Sum of n over all cells.", 1204)


class Trend(Shape):
    """Every cell of a trend, in the order of its keys."""

    data: list[Cell]
    next_cursor: None = _f("Always null.")
    meta: TrendMeta
