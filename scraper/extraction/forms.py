"""What kind of piece an article is where it is no ordinary one: by the outlet's own word. Pure.

Types of schema.org, the section, the address, a label beside the headline, or the headline's own
first words. Only a text without sentences is told by its shape. No word, no form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from newsroom.records import Form
from scraper.extraction import voices
from scraper.extraction.markup import Markup

_NEAR = 4  # labels stand within this many texts of the headline
PROSE_MIN = 0.3  # share of words in sentences, below which a text is a list, a table or verse
_PAGED = re.compile(r"(?:[?&](?:page|p|pg)=|/page/|/p/|[-_/]p?)(\d{1,2})(?:\.\w{3,5})?/?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    form: Form
    types: frozenset[str] = frozenset()
    section: re.Pattern[str] | None = None
    path: re.Pattern[str] | None = None
    label: re.Pattern[str] | None = None
    headline: re.Pattern[str] | None = None


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{pattern})$", re.IGNORECASE)


def _in_path(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"/(?:{pattern})(?:/|$)", re.IGNORECASE)


def _begins(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{pattern})", re.IGNORECASE)


_RULES = (
    _Rule(
        form=Form.SPONSORED,
        types=frozenset({"AdvertiserContentArticle"}),
        section=_words(r"sponsored(?: content)?|partner content|brand(?:ed)? content|advertorial"),
        path=_in_path(
            r"sponsored(?:-content)?|paid-?(?:post|content)|brand-?(?:studio|content|voice)"
            r"|partner-?content|advertorials?|ad-features?"
        ),
        label=_words(
            r"sponsored(?: (?:content|post|story|by .{2,60}))?|paid (?:post|content|program)"
            r"|paid (?:for|partnership|partner content)(?: .{2,60})?|advert(?:isement)? feature"
            r"|advertorial|partner content|brand(?:ed)? content|promoted(?: content)?"
            r"|in partnership with .{2,60}|presented by .{2,60}"
        ),
    ),
    _Rule(
        form=Form.SATIRE,
        types=frozenset({"SatiricalArticle"}),
        section=_words(r"satire|humou?r"),
        path=_in_path(r"satire|borowitz-report"),
        label=_words(r"satire|satirical .{0,40}|humou?r"),
        headline=_begins(r"satire[:|]"),
    ),
    _Rule(
        form=Form.LIVE_BLOG,
        types=frozenset({"LiveBlogPosting"}),
        path=_in_path(r"live(?:-?blogs?|-news|-updates)?|liveblog"),
        label=_words(r"live(?: ?blog| updates?| reporting)?"),
        headline=_begins(r"live(?: updates?| ?blog)?\s*[:|]"),
    ),
    _Rule(
        form=Form.CORRECTION,
        section=_words(r"corrections?(?: and clarifications?)?|errata"),
        path=_in_path(r"corrections?(?:-and-clarifications?)?|errata"),
        headline=_begins(
            r"corrections?(?:$|:| and clarifications?)|clarifications?(?:$|:)|for the record:"
        ),
    ),
    _Rule(
        form=Form.OBITUARY,
        section=_words(r"obituar(?:y|ies)|obits?|death notices?"),
        path=_in_path(r"obituar(?:y|ies)|obits?|death-notices?"),
        label=_words(r"obituar(?:y|ies)"),
        headline=_begins(r"obituary[:|]"),
    ),
    _Rule(
        form=Form.LETTERS,
        section=_words(r"letters?(?: to the editor)?|reader letters|readers?['’]? letters"),
        path=_in_path(r"letters?(?:-to-the-editor)?|readers?-letters"),
        label=_words(r"letters?(?: to the editor)?"),
        headline=_begins(r"letters?(?: to the editor)?\s*[:|]|letters to the editor"),
    ),
    _Rule(
        form=Form.HOROSCOPE,
        section=_words(r"horoscopes?|astrology"),
        path=_in_path(r"horoscopes?|astrology|star-signs?"),
        headline=_begins(r"(?:your |daily |today['’]s |weekly )*horoscopes?\b"),
    ),
    _Rule(
        form=Form.RECIPE,
        types=frozenset({"Recipe"}),
        section=_words(r"recipes?"),
        path=_in_path(r"recipes?"),
        label=_words(r"recipe"),
        headline=_begins(r"recipe[:|]"),
    ),
)


def form(page: Markup, *, url: str, title: str, text: str, section: str | None) -> Form | None:
    """The form of an article; None for an ordinary one."""
    path = urlsplit(url).path
    labels = (*page.above[:_NEAR], *page.below[:_NEAR])
    sections = [section or "", *(page.first("article:section") or "",)]
    for rule in _RULES:
        if (
            page.types & rule.types
            or (rule.section and any(rule.section.match(name) for name in sections))
            or (rule.path and rule.path.search(path[: path.rfind("/") + 1]))
            or (rule.label and any(rule.label.match(label) for label in labels))
            or (rule.headline and rule.headline.match(title))
        ):
            return rule.form
    if page.next_page and _is_next_part(url, page.next_page):
        return Form.PART
    return Form.FRAGMENTS if voices.prose(text) < PROSE_MIN else None


def _is_next_part(url: str, stated: str) -> bool:
    """Whether a "next" link leads to page 2 of this text: blogs link their next text so too."""
    try:
        there = urljoin(url, stated.strip()[:2000])
    except ValueError:
        return False
    here = urlsplit(url)._replace(query="", fragment="").geturl().rstrip("/")
    here = here.removesuffix(".html").removesuffix(".htm")
    found = _PAGED.search(there)
    return bool(found and int(found.group(1)) > 1 and there[: found.start()].startswith(here))
