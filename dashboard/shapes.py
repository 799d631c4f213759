"""The API's answers as the dashboard reads them: names and types, nothing else."""

from __future__ import annotations

from typing import TypedDict


class Labels(TypedDict):
    """The current labels of an article in one row."""

    lean: float | None
    lean_confidence: float | None
    headline_lean: float | None
    headline_tone: float | None
    tone: float | None
    tone_confidence: float | None
    category: str | None
    topic: str | None
    topic_confidence: float | None
    subtopic: str | None
    news_type: str | None
    news_type_confidence: float | None


class Article(TypedDict):
    """One article without its text."""

    article_id: str
    revision: int
    url: str
    title: str
    publisher_id: str
    publisher: str
    bylines: list[str]
    published_at: str | None
    date_source: str
    language: str
    words: int
    section: str | None
    duplicate_of: str | None
    duplicate_reason: str | None
    event_id: str | None
    story_id: str | None
    labels: Labels | None


class Annotation(TypedDict):
    """One label with what is needed to replay it."""

    stage: str
    scope: str
    label: str | None
    score: float | None
    confidence: float | None
    distribution: dict[str, float] | None
    scale: str | None
    validated: bool
    text: str | None
    reason: str | None
    evidence: list[int]
    labeller: str
    labeller_revision: str
    codebook_version: str
    prompt_digest: str | None
    run_id: str
    content_sha256: str
    made_at: str
    superseded_at: str | None
    current: bool
