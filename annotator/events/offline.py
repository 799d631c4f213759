"""Grouping without a database: records in, one answer for each in the same order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from annotator.encoder import article_vectors
from annotator.events.cluster import group
from annotator.events.identity import match
from annotator.events.signature import Item
from annotator.events.title import central_title
from newsroom.errors import Refused
from newsroom.text import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
ENCODE_BATCH = 256  # articles encoded between two reports of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A readable record before it is encoded; ``given_id`` is its id as it was written."""

    id: str
    given_id: str | int
    title: str
    text: str
    published_at: datetime | None
    publisher: str | None


def cluster_lines(
    records: Iterable[object], progress: Callable[[int], None] | None = None
) -> Iterator[dict[str, object]]:
    """Event and story of each record ``{id, title, text?, published_at?, publisher?}``.

    Answers are ``{id, event_id, event_title, story_id}``: ids depend on the members only, a title
    is the headline of a member. A record that cannot be used is answered ``{id, error}`` in its
    place and the others are still grouped: it is no object, has no id or one seen before, neither
    title nor text, or a date that is not ISO 8601.
    A date without a zone is UTC; no date is no evidence of time. ``progress`` is called with the
    number of articles encoded since the last call.
    """
    answers: list[dict[str, object]] = []
    drafts: dict[str, tuple[int, Draft]] = {}
    for place, record in enumerate(records):
        try:
            draft = read(record, drafts)
        except Refused as refused:
            answers.append({"id": _id_of(record), "error": f"{refused.code}: {refused.message}"})
        else:
            drafts[draft.id] = place, draft
            answers.append({"id": draft.given_id})
    items = _encode([draft for _, draft in drafts.values()], progress)
    found = group(items)
    events = _named([a.event for a in found], items, "event")
    stories = _named([a.story for a in found], items, "story")
    titles = _titles(events, items)
    for (place, _), event, story in zip(drafts.values(), events, stories, strict=True):
        answers[place] |= {
            "event_id": event,
            "event_title": titles[event] if event else None,
            "story_id": story,
        }
    yield from answers


def read(record: object, taken: Container[str] = ()) -> Draft:
    """Check one record. Raises Refused with a code that names what is wrong with it."""
    if not isinstance(record, dict):
        raise Refused("not-an-object", "expected a JSON object")
    given_id = _id_of(record)
    if given_id is None:
        raise Refused("id-missing", "`id` must be a text that is not empty, or a whole number")
    if str(given_id) in taken:
        raise Refused("duplicate-id", f"id {given_id!r} was given on an earlier line")
    title, text = _text(record, "title"), _text(record, "text")
    if not title.strip() and not text.strip():
        raise Refused("text-missing", "needs a title or a text")
    return Draft(
        id=str(given_id),
        given_id=given_id,
        title=title,
        text=text,
        published_at=_moment(record.get("published_at")),
        publisher=_text(record, "publisher") or None,
    )


def _id_of(record: object) -> str | int | None:
    given = record.get("id") if isinstance(record, dict) else None
    usable = isinstance(given, str | int) and not isinstance(given, bool) and given != ""
    return given if usable else None


def _text(record: dict[str, object], name: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("field-not-text", f"`{name}` must be text")
    return normalise(value)


def _moment(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise Refused("date-unreadable", f"`published_at` is not ISO 8601: {value!r:.60}")
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise Refused("date-unreadable", f"`published_at` is out of range: {value!r:.60}") from None


def _encode(drafts: Sequence[Draft], progress: Callable[[int], None] | None) -> list[Item]:
    items: list[Item] = []
    for start in range(0, len(drafts), ENCODE_BATCH):
        batch = drafts[start : start + ENCODE_BATCH]
        vectors = article_vectors([(draft.title, draft.text) for draft in batch])
        items += [
            Item(
                id=draft.id,
                title=draft.title,
                text=draft.text,
                published_at=draft.published_at,
                publisher=draft.publisher,
                vector=vector,
            )
            for draft, vector in zip(batch, vectors, strict=True)
        ]
        if progress:
            progress(len(batch))
    return items


def _named(numbers: Sequence[int | None], items: Sequence[Item], kind: str) -> list[str | None]:
    """Ids that depend on the members only, in place of numbers."""
    members: defaultdict[int, list[str]] = defaultdict(list)
    for number, item in zip(numbers, items, strict=True):
        if number is not None:
            members[number].append(item.id)
    name = dict(zip(members, match({}, list(members.values()), kind=kind), strict=True))
    return [None if number is None else name[number] for number in numbers]


def _titles(events: Sequence[str | None], items: Sequence[Item]) -> dict[str, str | None]:
    members: defaultdict[str, list[Item]] = defaultdict(list)
    for event, item in zip(events, items, strict=True):
        if event is not None:
            members[event].append(item)
    chosen = {event: central_title(group_) for event, group_ in members.items()}
    return {event: pick[0] if pick else None for event, pick in chosen.items()}
