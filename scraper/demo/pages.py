"""Render the pages of the demo web from the HTML and XML files in `looks/`, one per outlet."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scraper.demo.model import CATEGORIES, Article, OddPage, Outlet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

FRONT_PAGE_ARTICLES = 25
RELATED_ARTICLES = 4
IMAGE_PATH = "/images/lead.svg"
LABELS = (*(name.split(" and ")[0] for name in CATEGORIES), "Opinion")

_looks = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "looks"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_looks.filters["rfc822"] = format_datetime
_looks.globals["people"] = lambda names: [{"@type": "Person", "name": name} for name in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A headline as a front page or a related box shows it."""

    href: str
    text: str
    label: str
    summary: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the outlet's HTML file needs to know of one page."""

    kind: str
    url: str
    title: str
    language: str = "en"
    label: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    note: str | None = None
    agency: bool = False
    paragraphs: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def is_article(self) -> bool:
        """Whether the page is laid out as an article."""
        return self.kind in {"article", "paywall", "language", "robots", "too-short"}


def section_path(outlet: Outlet, section: str) -> str:
    """Path of a section's front."""
    return outlet.section_path.format(section=section)


def _label(article: Article) -> str:
    return LABELS[article.outlet.sections.index(article.section)]


def _link(article: Article) -> Link:
    return Link(
        href=article.url,
        text=article.headline,
        label=_label(article),
        summary=article.sentences[0].text,
        at=article.outlet.local(article.published),
    )


def _render(outlet: Outlet, page: Page) -> str:
    menu = tuple(
        Link(href=section_path(outlet, section), text=label, label=label)
        for section, label in zip(outlet.sections, LABELS, strict=True)
    )
    look = _looks.get_template(outlet.template)
    return look.render(outlet=outlet, page=page, menu=menu, image=IMAGE_PATH)


def _related(articles: Iterable[Article], path: str) -> tuple[Link, ...]:
    """Other pieces of the outlet, the same ones in every build, different under each article."""
    others = sorted((a for a in articles if a.path != path), key=lambda a: _shuffled(a.slug + path))
    return tuple(_link(article) for article in others[:RELATED_ARTICLES])


def article(shown: Article, articles: tuple[Article, ...]) -> str:
    """Render an article among others of its outlet."""
    outlet = shown.outlet
    return _render(
        outlet,
        Page(
            kind="article",
            url=shown.url,
            title=shown.headline,
            label=_label(shown),
            authors=shown.authors,
            published=outlet.local(shown.published),
            modified=outlet.local(shown.modified) if shown.modified else None,
            note=shown.note,
            agency=shown.copy_of is not None,
            paragraphs=shown.paragraphs,
            links=_related(articles, shown.path),
        ),
    )


def odd(shown: OddPage, articles: tuple[Article, ...]) -> str:
    """Render a page that is no article, in the outlet's look."""
    return _render(
        shown.outlet,
        Page(
            kind=shown.kind,
            url=shown.url,
            title=shown.title,
            language=shown.language,
            label="News",
            authors=("Staff",) if shown.published else (),
            published=shown.outlet.local(shown.published) if shown.published else None,
            paragraphs=shown.paragraphs,
            links=_related(articles, shown.path),
        ),
    )


def front(outlet: Outlet, articles: tuple[Article, ...], odd_pages: tuple[OddPage, ...]) -> str:
    """Render the front page: newest articles, with the odd pages between them."""
    links = [_link(shown) for shown in articles[:FRONT_PAGE_ARTICLES]]
    for number, odd_page in enumerate(odd_pages, start=1):
        links.insert(4 * number, Link(href=odd_page.url, text=odd_page.title, label="More"))
    page = Page(kind="front", url=outlet.front_page, title=outlet.name, links=tuple(links))
    return _render(outlet, page)


def section(outlet: Outlet, number: int, articles: tuple[Article, ...]) -> str:
    """Render one section's front."""
    url = f"http://{outlet.domain}{section_path(outlet, outlet.sections[number])}"
    links = tuple(_link(shown) for shown in articles)
    return _render(outlet, Page(kind="section", url=url, title=LABELS[number], links=links))


def feed(
    outlet: Outlet, articles: tuple[Article, ...], *, url: str, atom: bool, now: datetime
) -> str:
    """Render an Atom (RFC 4287) or RSS 2.0 feed."""
    name = "feed.atom.xml" if atom else "feed.rss.xml"
    return _looks.get_template(name).render(outlet=outlet, articles=articles, url=url, now=now)


def sitemap(outlet: Outlet, articles: tuple[Article, ...], *, news: bool) -> str:
    """Render a sitemap, with the news extension where asked."""
    return _looks.get_template("sitemap.xml").render(outlet=outlet, articles=articles, news=news)


def sitemap_index(listed: str, *, now: datetime) -> str:
    """Render a sitemap index of one sitemap."""
    return _looks.get_template("sitemap_index.xml").render(listed=listed, now=now)


def image(outlet: Outlet) -> str:
    """Give the outlet's one picture: its name on a plain ground, so that no photograph is needed."""
    return _looks.get_template("lead.svg").render(outlet=outlet)


def _shuffled(text: str) -> bytes:
    """Order that is arbitrary and always the same."""
    return sha256(text.encode()).digest()
