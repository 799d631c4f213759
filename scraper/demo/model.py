"""Records of the demo web: what its outlets, stories and articles are made of."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

CATEGORIES = (
    "Politics",
    "Culture and Lifestyle",
    "Sports",
    "Business and Economy",
    "Disaster and Incidents",
    "Science and Technology",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One fictional publisher: its registry entry and how its site looks and leans."""

    publisher_id: str
    name: str
    domain: str
    country: str
    timezone: str
    front_page: str
    feeds: tuple[str, ...]
    sitemaps: tuple[str, ...]
    template: str
    lean: int
    tagline: str
    article_path: str
    section_path: str
    sections: tuple[str, ...]
    robots: str | None
    date_shown: str

    def local(self, at: datetime) -> datetime:
        """Give an instant in the outlet's own time zone, as its pages print it."""
        return at.astimezone(ZoneInfo(self.timezone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One authored sentence with what is true of it."""

    paragraph: int
    kind: str
    facts: tuple[str, ...]
    speaker: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened; facts of one `slot` supersede one another in file order."""

    fact_id: str
    event: str
    claim: str
    slot: str | None
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What edition 2 of an article changes: `silent-edit` or `correction` (which carries a note)."""

    kind: str
    headline: str | None
    modified: datetime | None
    note: str | None
    swap: dict[int, Sentence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article as one outlet ran it, in edition 1 unless `in_edition` says otherwise."""

    outlet: Outlet
    story: str | None
    event: str | None
    slug: str
    headline: str
    authors: tuple[str, ...]
    published: datetime
    lean: int
    tone: int
    news_type: str
    category: str
    topic: str
    sentences: tuple[Sentence, ...]
    copy_of: str | None = None
    revision: Revision | None = None
    modified: datetime | None = None
    note: str | None = None

    @property
    def section(self) -> str:
        """The section of the outlet's site that the article stands in."""
        if self.news_type == "opinion":
            return self.outlet.sections[len(CATEGORIES)]
        return self.outlet.sections[CATEGORIES.index(self.category)]

    @property
    def path(self) -> str:
        """Path (and query) of the article on its outlet's host."""
        at = self.outlet.local(self.published)
        return self.outlet.article_path.format(
            at=at,
            month=at.strftime("%b").lower(),
            section=self.section,
            slug=self.slug,
            number=10_000 + zlib.crc32(self.slug.encode()) % 90_000,
        )

    @property
    def url(self) -> str:
        """Canonical address."""
        return f"http://{self.outlet.domain}{self.path}"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text as the page shows it."""
        joined: dict[int, str] = {}
        for sentence in self.sentences:
            before = joined.get(sentence.paragraph)
            joined[sentence.paragraph] = f"{before} {sentence.text}" if before else sentence.text
        return tuple(joined.values())

    @property
    def text(self) -> str:
        """All paragraphs, separated by blank lines."""
        return "\n\n".join(self.paragraphs)

    def in_edition(self, edition: int) -> Article:
        """Apply the revision, if there is one, from edition 2 on."""
        if edition < 2 or self.revision is None:
            return self
        changed = self.revision
        return replace(
            self,
            headline=changed.headline or self.headline,
            sentences=tuple(
                replace(changed.swap[number], paragraph=old.paragraph)
                if number in changed.swap
                else old
                for number, old in enumerate(self.sentences, start=1)
            ),
            modified=changed.modified,
            note=changed.note,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A development over days: its events, its facts, and who was meant to leave it out."""

    story_id: str
    title: str
    events: dict[str, str]
    facts: tuple[Fact, ...]
    absences: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OddPage:
    """A page that looks like an article from outside and is none, or is not served as one."""

    outlet: Outlet
    path: str
    kind: str
    expected: str
    title: str
    language: str = "en"
    published: datetime | None = None
    target: str | None = None
    paragraphs: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address that pages link to."""
        return f"http://{self.outlet.domain}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything the site is made from."""

    outlets: dict[str, Outlet]
    stories: dict[str, Story]
    articles: tuple[Article, ...]
    odd_pages: tuple[OddPage, ...]
