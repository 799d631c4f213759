"""The typed records that flow: RawPage → Article → Annotation.

Events are groups over many articles; their rows are in :mod:`newsroom.store.events`.

Frozen: a new fact is a new record that names what it was made from. All times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class Via(StrEnum):
    """The door through which a page or an article came in."""

    FRONT_PAGE = "front-page"
    FEED = "feed"
    SITEMAP = "sitemap"
    FETCH = "fetch"
    REVISIT = "revisit"
    REPLAY = "replay"
    BACKFILL = "backfill"
    IMPORT = "import"


class DateSource(StrEnum):
    """Where ``published_at`` was read.

    ``REFUSED`` is a statement that is no date, or one outside 1990 … now + 1 day.
    """

    PAGE = "page"
    FEED = "feed"
    IMPORT = "import"
    REFUSED = "refused"
    ABSENT = "absent"


class Form(StrEnum):
    """What an article is by the outlet's own word where it is no ordinary one.

    An article with a form stays out of averages; ``PART`` is the first of several pages,
    ``FRAGMENTS`` a text without sentences (a table, a list of results, verse).
    """

    LIVE_BLOG = "live-blog"
    SPONSORED = "sponsored"
    SATIRE = "satire"
    CORRECTION = "correction"
    OBITUARY = "obituary"
    LETTERS = "letters"
    HOROSCOPE = "horoscope"
    RECIPE = "recipe"
    PART = "part"
    FRAGMENTS = "fragments"


class Stage(StrEnum):
    """What is labelled; the values are the questions of the codebook.

    Joinable with the released table of the Media Bias Detector (arXiv 2509.25649).
    """

    LEAN = "lean"
    TONE = "tone"
    CATEGORY = "category"
    TOPIC = "topic"
    SUBTOPIC = "subtopic"
    NEWS_TYPE = "news_type"
    TAKEAWAYS = "takeaways"
    SENTENCE_TYPE = "sentence_type"
    SENTENCE_TONE = "sentence_tone"
    SENTENCE_FOCUS = "sentence_focus"


# Columns of an article that count its sentences, by stage and label (names of the same table).
SENTENCE_COUNTS: Final = {
    (Stage.SENTENCE_TYPE, "fact"): "sent_type_fac",
    (Stage.SENTENCE_TYPE, "opinion"): "sent_type_opn",
    (Stage.SENTENCE_TYPE, "quote"): "sent_type_quo",
    (Stage.SENTENCE_TYPE, "borderline"): "sent_type_bor",
    (Stage.SENTENCE_TYPE, "other"): "sent_type_oth",
    (Stage.SENTENCE_TONE, "negative"): "sent_tone_neg",
    (Stage.SENTENCE_TONE, "neutral"): "sent_tone_neu",
    (Stage.SENTENCE_TONE, "positive"): "sent_tone_pos",
    (Stage.SENTENCE_FOCUS, "democrat"): "sent_focus_dem",
    (Stage.SENTENCE_FOCUS, "republican"): "sent_focus_rep",
    (Stage.SENTENCE_FOCUS, "both"): "sent_focus_bth",
    (Stage.SENTENCE_FOCUS, "neither"): "sent_focus_non",
}


class Scope(StrEnum):
    """Which part of an article a label speaks of."""

    ARTICLE = "article"
    HEADLINE = "headline"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """One outlet as its TOML file describes it."""

    publisher_id: str
    name: str
    domain: str
    country: str
    language: str
    timezone: str
    demo: bool = False
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """One fetched body and where it came from.

    ``page_id`` is derived from canonical URL and body digest, so the same bytes fetched twice
    are one page. ``warc_*`` address the archived response (bytes from file start).
    """

    page_id: str
    url: str
    final_url: str
    canonical_url: str
    publisher_id: str
    fetched_at: datetime
    status: int
    content_type: str | None
    body_sha256: str
    body_bytes: int
    via: Via
    warc_file: str | None
    warc_offset: int | None
    robots_rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One revision of one article. ``article_id`` is the digest of its canonical URL.

    ``text_sha256`` is of the text alone (equal for the same wire copy under two headlines),
    ``content_sha256`` of headline and text: what labels are made on. ``date_from`` names the
    statement that gave ``published_at``, ``free_access`` is what the page says of itself (None:
    nothing), ``reservations`` its signals against archiving, mining or AI use, ``credit`` the
    agency it names, ``text_from`` the extractor that gave the text, ``text_agreement`` the share
    of words (0 … 1) on which two extractors agreed, ``form`` what keeps it out of averages.
    """

    article_id: str
    publisher_id: str
    url: str
    canonical_url: str
    title: str
    text: str
    text_sha256: str
    content_sha256: str
    language: str
    words: int
    bylines: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    date_source: DateSource = DateSource.ABSENT
    date_from: str | None = None
    section: str | None = None
    free_access: bool | None = None
    reservations: tuple[str, ...] = ()
    credit: str | None = None
    text_from: str | None = None
    text_agreement: float | None = None
    form: Form | None = None
    page_id: str | None = None
    via: Via
    extractor: str
    fetched_at: datetime
    minhash: bytes | None = None
    bands: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A page or line that is no article, with the reason: never dropped in silence.

    ``refusal_id`` is derived from source and code, so seeing it again adds nothing.
    """

    refusal_id: str
    publisher_id: str | None
    url: str | None
    source: str
    code: str
    message: str
    seen_at: datetime
    page_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One labelling configuration. ``run_id`` is its digest: same configuration, same run.

    ``settings`` are those of a labeller that asks a model: the model as served, draws, limits.
    """

    run_id: str
    labeller: str
    labeller_revision: str
    codebook_version: str
    codebook_digest: str
    prompt_digest: str | None
    code_version: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said to one question, and what it cost.

    ``prompt_sha256`` is of the messages as sent; ``draws`` counts further answers that were drawn
    for a distribution (their tokens are in the sums), ``tries`` the answers until one had the
    form. Same prompt and same words are one answer of a run.
    """

    answer_id: str
    stage: Stage
    scope: Scope
    prompt_sha256: str
    raw: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    duration_s: float
    tries: int
    draws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One label with everything needed to replay it.

    ``score`` is on −5 … +5 where the stage has a scale, ``confidence`` and ``distribution`` are
    probabilities in 0 … 1, ``validated`` says whether anyone measured
    its quality, ``evidence`` numbers sentences of the text from 0, ``text`` is the answer of a
    question that is answered in words, ``memory_sequence`` says as of which number of the memory
    it was read, for a label that reads memory, ``answer_id`` which answer of a model it was read
    from, for a label that was asked of one.
    """

    article_id: str
    content_sha256: str
    stage: Stage
    scope: Scope
    sentence: int | None = None
    label: str | None
    score: float | None
    confidence: float | None
    distribution: dict[str, float] | None = None
    scale: str | None = None
    validated: bool = True
    text: str | None = None
    reason: str | None = None
    evidence: tuple[int, ...] = ()
    labeller: str
    labeller_revision: str
    codebook_version: str
    prompt_digest: str | None = None
    run_id: str
    memory_sequence: int | None = None
    answer_id: str | None = None


class WorkStage(StrEnum):
    """One pass over an article that a worker takes: labelling it, writing it to the memory."""

    LABEL = "label"
    REMEMBER = "remember"
