"""Which news agency a page credits with its text, apart from the people who wrote it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newsroom.urls import site_of
from scraper.extraction import markup
from scraper.extraction.markup import Markup

# Agency: the names and initials under which pages credit it, and its own site.
_AGENCIES: dict[str, tuple[str, str]] = {
    "Associated Press": (r"(?:the\s+)?associated\s+press|\bap\b|the\s+ap", "apnews.com"),
    "Reuters": (r"(?:thomson\s+)?reuters", "reuters.com"),
    "Agence France-Presse": (r"agence\s+france[\s-]presse|\bafp\b", "afp.com"),
    "United Press International": (r"united\s+press\s+international|\bupi\b", "upi.com"),
    "PA Media": (r"pa\s+media|(?:the\s+)?press\s+association|\bpa\b", "pamediagroup.com"),
    "Deutsche Presse-Agentur": (r"deutsche\s+presse[\s-]agentur|\bdpa\b", "dpa.com"),
    "Canadian Press": (r"(?:the\s+)?canadian\s+press", "thecanadianpress.com"),
    "Australian Associated Press": (r"australian\s+associated\s+press|\baap\b", "aap.com.au"),
    "Xinhua": (r"xinhua(?:\s+news\s+agency)?", "xinhuanet.com"),
    "TASS": (r"\btass\b", "tass.com"),
    "EFE": (r"agencia\s+efe|\befe\b", "efe.com"),
    "ANSA": (r"\bansa\b", "ansa.it"),
    "Kyodo News": (r"kyodo(?:\s+news)?", "kyodonews.net"),
    "Bloomberg": (r"bloomberg(?:\s+news)?", "bloomberg.com"),
    "Tribune News Service": (r"tribune\s+news\s+service|\btns\b", "tribunenewsservice.com"),
    "Tribune Content Agency": (r"tribune\s+content\s+agency", "tribunecontentagency.com"),
    "States Newsroom": (r"states\s+newsroom", "statesnewsroom.com"),
    "KFF Health News": (r"k(?:ff|aiser)\s+health\s+news", "kffhealthnews.org"),
    "ProPublica": (r"propublica", "propublica.org"),
    "The Conversation": (r"the\s+conversation", "theconversation.com"),
    "CNN": (r"cnn(?:\s+wire)?|cnn\s+newsource", "cnn.com"),
    "Stacker": (r"stacker", "stacker.com"),
}
_WHOLE = {
    name: re.compile(rf"^(?:{names})$", re.IGNORECASE) for name, (names, _) in _AGENCIES.items()
}
_OTHER = re.compile(
    r"^[A-Z][\w.&'’ -]{1,50} (?:Wire|Newswire|News Agency|News Service|Wire Service)$"
)
# "PORT HALDANE, Marquand (AP) —": the place, then the agency, then a dash.
_DATELINE = re.compile(r"^[^()\n]{2,60}\(([A-Za-z /]{2,30})\)\s*[—–-]")
_COPYRIGHT = re.compile(
    r"(?:copyright|©|\(c\))[\s©]*(?:19|20)\d\d,?\s+(?:by\s+)?([^.,\n]{2,60})", re.IGNORECASE
)
_SUFFIX = re.compile(
    r"\s*(?:staff|writers?|reporters?|correspondents?|contributors?|\(.*\)|,.*)$", re.IGNORECASE
)
_PLACE = re.compile(r"\s+in\s+[A-Z][\w .'-]+$")
_ENDING_LINES = 4


def agency(name: str) -> str | None:
    """The agency of that name in one spelling; None for anyone else."""
    tidy = " ".join(name.split())[:80]
    bare = _SUFFIX.sub("", _PLACE.sub("", tidy))
    for candidate in (tidy, bare):
        found = next((agency for agency, names in _WHOLE.items() if names.match(candidate)), None)
        if found:
            return found
    return tidy if _OTHER.match(tidy) else None


def credit(page: Markup, text: str, bylines: Iterable[str], *, url: str) -> str | None:
    """The agency that the page names as the source of its text; None on the agency's own site.

    Named as author, as source organisation, in the dateline, or in the copyright line at the end.
    """
    for name in _statements(page, text, bylines):
        if found := agency(name):
            own = _AGENCIES.get(found, ("", ""))[1] == site_of(url) or _is_own(found, page)
            return None if own else found
    return None


def _statements(page: Markup, text: str, bylines: Iterable[str]) -> Iterable[str]:
    yield from bylines
    for node in page.articles:
        for key in ("sourceOrganization", "provider", "creditText"):
            yield from markup.names(node.get(key))[:3]
    for key in ("dc.source", "source", "article:source", "syndication-source"):
        yield from page.meta.get(key, ())
    if found := _DATELINE.match(text[:200]):
        yield found.group(1).strip()
    for line in text.rsplit("\n", _ENDING_LINES)[-_ENDING_LINES:]:
        if found := _COPYRIGHT.search(line[:300]):
            yield found.group(1).strip()


def _is_own(agency_name: str, page: Markup) -> bool:
    """Whether the agency is the outlet itself, by the name that the page gives its site."""
    return any(agency(site) == agency_name for site in page.meta.get("og:site_name", ()))
