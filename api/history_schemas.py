"""The public shapes of an article's history: its revisions, and where it stood on front pages."""

from __future__ import annotations

from datetime import datetime

from api.schemas import WHEN, Labels, LabelsMeta, Meta, Revision, Shape, _f


class RevisionRow(Revision):
    """One version of an article, with the labels that one run made of it."""

    bylines: list[str] = _f("Authors as printed.", ["Ada Quill"])
    published_at: datetime | None = _f("As this version says.", WHEN)
    modified_at: datetime | None = _f("When the outlet says it changed it.", WHEN)
    extractor: str = _f("What read the page.", "trafilatura 2.0")
    labels: Labels | None = _f("Of this version; null where nothing was labelled.")


class Piece(Shape):
    """Some words of a headline."""

    op: str = _f("same, added or removed.", "added")
    text: str = _f("The words, with the spaces between them.", "again")


class SentenceChange(Shape):
    """A sentence that came, went or was reworded: at most 25 words of either wording."""

    op: str = _f("added, removed or changed.", "changed")
    before: str | None = _f("Its first words before; null: it was not there.", "On Monday.")
    after: str | None = _f("Its first words after; null: it is gone.", "On Tuesday.")


class Change(Shape):
    """What is different between two versions that were seen one after the other."""

    before: int = _f("Revision before.", 1)
    after: int = _f("Revision after.", 2)
    not_after: datetime = _f("When the version before was last seen: it was changed later.", WHEN)
    seen_at: datetime = _f("When the version after was first seen: it was changed before.", WHEN)
    kind: str | None = _f(
        "headline, correction, update, removal, silent-edit, reverted or other-address; null: "
        "stored before changes were told apart.",
        "silent-edit",
    )
    title_changed: bool = _f("The headline is another.", True)
    words_added: int | None = _f("Words that came.", 12)
    words_removed: int | None = _f("Words that went.", 3)
    note: str | None = _f("What the page says of it, cut to 25 words.", "This story was corrected.")
    reader_changed: bool = _f(
        "Another version of the extractor read it: some of it may be ours.", False
    )
    title: list[Piece] = _f("The headline word by word.")
    sentences_changed: int | None = _f("Sentences that differ; null: too long to compare here.", 4)
    sentences: list[SentenceChange] = _f("The first of them; see `sentences_changed` for all.")


class Sighting(Shape):
    """Looks in a row that found the same."""

    finding: str = _f("shown, stale, twin, gone, withheld, paywalled, moved or refused.", "shown")
    revision: int | None = _f("Which version it was.", 1)
    first_at: datetime = _f("First of these looks.", WHEN)
    last_at: datetime = _f("Last of these looks.", WHEN)
    looks: int = _f("How many.", 3)


class RevisionList(Shape):
    """Every version of an article, newest first; never cut into pages."""

    data: list[RevisionRow]
    changes: list[Change] = _f("What changed, newest first.")
    sightings: list[Sighting] = _f("What was found at its address, and when, oldest first.")
    next_cursor: None = _f("Always null.")
    meta: LabelsMeta


class Headline(Shape):
    """Words that stood over an article on a front page."""

    text: str = _f("As shown.", "Ferry vote put off")
    first_seen: datetime = _f("First look that showed it.", WHEN)
    last_seen: datetime = _f("Last look that showed it.", WHEN)


class Placement(Shape):
    """An article on one front page, from the first to the last look that showed it."""

    publisher_id: str = _f("Outlet whose front page it is.", "harborledger")
    first_seen: datetime = _f("First look that showed it.", WHEN)
    last_seen: datetime = _f("Last look that showed it.", WHEN)
    best_rank: int | None = _f("Best place, from 1; null: it never had a rank.", 3)
    best_rank_at: datetime | None = _f("When it had that place.", WHEN)
    hours_on_page: float = _f(
        "Hours between looks that follow one another and both show it; gaps count nothing.", 7.5
    )
    looks: int = _f("Looks between the first and the last that came.", 4)
    shown: int = _f("Those of them that show it.", 3)
    gaps: int = _f("Intervals not counted, for want of a look.", 1)
    headlines: list[Headline] = _f("What stood over it, oldest first.")


class PlacementList(Shape):
    """Where an article stood, one row a front page; never cut into pages."""

    data: list[Placement]
    next_cursor: None = _f("Always null.")
    meta: Meta
