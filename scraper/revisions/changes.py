"""What a page that was read means for the article it is of, and the changes that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from newsroom.db import Conn
from newsroom.errors import Refused
from newsroom.records import Article
from newsroom.store import articles, revisions, sightings
from newsroom.store.articles import Known
from newsroom.store.revisions import Change
from newsroom.store.sightings import Finding, Pair, Shown
from newsroom.urls import canonical
from scraper.revisions import kinds
from scraper.revisions.kinds import Kind, Version


def read(
    article: Article, served_from: str | None, known: Sequence[Known], looks: Sequence[Shown]
) -> tuple[Article, Finding]:
    """What a page shows of an article of which some revisions are stored. Pure.

    A text that differs from a stored one in looks only counts as that one. Another text at an
    address that is neither the article's own nor the one read so far is a ``TWIN``; one that came
    later and says that it was modified earlier is a ``STALE`` copy.
    """
    if not known:
        return article, Finding.SHOWN
    article = _as_stored(article, known)
    before = [look.revision for look in looks if look.seen_at < article.fetched_at]
    last = next(
        (k for k in known if (k.revision == before[-1] if before else k.current)), known[-1]
    )
    if article.content_sha256 == last.content_sha256:
        return article, Finding.SHOWN
    here = _address(served_from)
    stored = any(k.content_sha256 == article.content_sha256 for k in known)
    if not stored and here not in {None, article.canonical_url, _address(last.address)}:
        return article, Finding.TWIN
    older = (
        article.modified_at is not None
        and last.modified_at is not None
        and article.modified_at < last.modified_at
    )
    return article, Finding.STALE if before and older else Finding.SHOWN


def settle(conn: Conn, article_id: str) -> None:
    """Make the stored changes of an article those that its sightings say."""
    looks = sightings.shown(conn, article_id)
    first = {look.revision: look.seen_at for look in reversed(looks)}
    wanted = {pair: first[pair.after] < pair.not_after for pair in sightings.pairs(looks)}
    stored = revisions.stored(conn, article_id)
    # Whether a change is a revert may turn out when an earlier look comes in after it.
    kept = {p for p, kind in stored.items() if wanted.get(p) is (kind == Kind.REVERTED)}
    gone = [pair for pair in stored if pair not in kept]
    missing = [pair for pair in wanted if pair not in kept]
    if not gone and not missing:
        return
    known = {k.revision: k for k in articles.known(conn, article_id)}
    changes = [
        change(article_id, pair, known[pair.before], known[pair.after], reverted=wanted[pair])
        for pair in missing
    ]
    revisions.replace(conn, article_id, gone=gone, changes=changes)


def change(article_id: str, pair: Pair, before: Known, after: Known, *, reverted: bool) -> Change:
    """What changed between two revisions seen one after the other. Pure."""
    verdict = kinds.compare(
        Version(title=before.title, text=before.text), Version(title=after.title, text=after.text)
    )
    addresses = {_address(before.address), _address(after.address)}
    kind = verdict.kind
    if len(addresses) > 1 and None not in addresses:
        kind = Kind.OTHER_ADDRESS
    if reverted:
        kind = Kind.REVERTED
    return Change(
        article_id=article_id,
        seen_at=pair.at,
        before=pair.before,
        after=pair.after,
        not_after=pair.not_after,
        kind=kind,
        title_changed=verdict.title_changed,
        words_added=verdict.words_added,
        words_removed=verdict.words_removed,
        note=verdict.note,
        reader_changed=before.extractor != after.extractor,
    )


def _as_stored(article: Article, known: Sequence[Known]) -> Article:
    """The article as the newest revision that tells a reader the same; itself where none does."""
    if any(k.content_sha256 == article.content_sha256 for k in known):
        return article
    shown = Version(title=article.title, text=article.text)
    for one in reversed(known):
        if kinds.cosmetic(Version(title=one.title, text=one.text), shown):
            return replace(article, content_sha256=one.content_sha256)
    return article


def _address(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        return canonical(url)
    except Refused:
        return None
