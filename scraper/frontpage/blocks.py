"""What part of a page a node is in: navigation, opinion, the most read, an advert."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from scraper.frontpage.tree import Tree

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class Kind(StrEnum):
    """What a link is to the outlet. Nobody chose the place of the last two for its news."""

    STORY = "story"
    LIVE = "live"
    OPINION = "opinion"
    MEDIA = "media"
    MOST_READ = "most-read"
    SPONSORED = "sponsored"


UNRANKED = frozenset({Kind.MOST_READ, Kind.SPONSORED})
NAVIGATION = "navigation"

_NAV_TAGS = frozenset({"nav", "footer"})
_NAV_ROLES = frozenset({"navigation", "contentinfo", "menu", "menubar", "search"})


def _part(*words: str) -> str:
    """These words as a part of a name such as ``top-nav`` or ``ad_slot``."""
    return rf"(?:^|[\s_-])(?:{'|'.join(words)})(?:$|[\s_-])"


_MARKS = (
    (
        NAVIGATION,
        re.compile(_part("nav", "navbar", "navigation", "menu", "footer", "breadcrumbs?")),
    ),
    (
        Kind.SPONSORED,
        re.compile(
            _part("ad", "ads", r"advert\w*", r"sponsor\w*", "promoted", "taboola", "outbrain")
            + r"|paid[\s_-]?(?:post|content)|partner[\s_-]?content|native[\s_-]ad"
            + r"|brand[\s_-]?(?:studio|voice)"
        ),
    ),
    (
        Kind.MOST_READ,
        re.compile(
            r"most[\s_-]?(?:read|popular|viewed|shared|watched|commented)|"
            + _part("trending", "popular")
        ),
    ),
    (
        Kind.OPINION,
        re.compile(_part("opinions?", r"op[\s_-]?eds?", "editorials?", "columnists?")),
    ),
)
_LABELS = (
    (
        Kind.SPONSORED,
        re.compile(
            r"sponsored|advertis|promoted|paid (?:post|content|for)|from our partners"
            r"|partner content"
        ),
    ),
    (
        Kind.MOST_READ,
        re.compile(
            r"^(?:the )?(?:most|top) (?:read|popular|viewed|shared|watched)|^trending"
            r"|^popular(?: now)?$|what(?:'|’)s popular"
        ),
    ),
    (
        Kind.OPINION,
        re.compile(
            r"^(?:the )?(?:opinions?|comment|commentary|columnists?|columns|editorials?|op-eds?"
            r"|voices|views|letters)\b"
        ),
    ),
)
_PATHS = (
    (
        Kind.SPONSORED,
        re.compile(r"/(?:sponsored|partner-content|paid-?post|brandstudio|advertorial)s?/"),
    ),
    (Kind.LIVE, re.compile(r"/live(?:-news|-updates|blog)?s?/|[-/]live-(?:updates|blog)")),
    (
        Kind.OPINION,
        re.compile(r"/(?:opinions?|commentisfree|comment|editorials?|columns?|op-ed)/"),
    ),
    (
        Kind.MEDIA,
        re.compile(r"/(?:videos?|watch|podcasts?|audio|gallery|galleries|pictures|photos)/"),
    ),
)


def of_path(path: str) -> Kind | None:
    """What an address says of its page."""
    path = path.lower()
    return next((kind for kind, pattern in _PATHS if pattern.search(path)), None)


def of_label(text: str) -> Kind | None:
    """What the heading over a block says of it."""
    text = " ".join(text.lower().split())
    return next((kind for kind, pattern in _LABELS if pattern.search(text)), None)


def marks(tree: Tree, ends: Sequence[int], links_before: Sequence[int]) -> list[str | None]:
    """For each node the kind of block it is in; None for none. ``links_before`` is cumulative.

    A name holds for a block only if less than half of the page's links are in it: a page whose
    body is called ``with-ads`` is no advert.
    """
    total = links_before[-1]
    found: list[str | None] = []
    for node, parent in enumerate(tree.parent):
        above = found[parent] if parent >= 0 else None
        own = _own(tree.tag[node], tree.attributes[node]) if above != NAVIGATION else None
        if own is not None and tree.tag[node] not in _NAV_TAGS:
            inside = links_before[ends[node]] - links_before[node]
            own = own if 2 * inside < total else None
        found.append(own or above)
    return found


def _own(tag: str, attributes: Mapping[str, str]) -> str | None:
    if tag in _NAV_TAGS or attributes.get("role", "").lower() in _NAV_ROLES:
        return NAVIGATION
    names = " ".join(attributes.get(key, "") for key in ("class", "id", "aria-label")).lower()
    if names.isspace():
        return None
    return next((mark for mark, pattern in _MARKS if pattern.search(names)), None)


def labels(
    tree: Tree, ends: Sequence[int], links_before: Sequence[int], lone: Sequence[int]
) -> dict[int, list[tuple[int, str]]]:
    """Headings that stand over a block of links, by the block's node: ``(heading, text)`` each.

    A heading with a link of an article in it is a headline; so is one over a single article
    (``lone[node]`` is not negative there). The page's own title stands over everything: no block.
    """
    found: dict[int, list[tuple[int, str]]] = {}
    for node, tag in enumerate(tree.tag):
        if tag not in HEADINGS or links_before[ends[node]] > links_before[node]:
            continue
        text = " ".join("".join(tree.text[node : ends[node]]).split())
        block = tree.parent[node]
        while block >= 0 and links_before[ends[block]] == links_before[block]:
            block = tree.parent[block]
        inside = links_before[ends[block]] - links_before[block] if block >= 0 else 0
        title = tag == "h1" and inside == links_before[-1]
        if text and inside and not title and lone[block] < 0:
            found.setdefault(block, []).append((node, text[:200]))
    return found
