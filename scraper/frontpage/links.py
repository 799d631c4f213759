"""Which articles a front page links, each once: headline as shown, place, size, picture, section.

Several links to one article (picture, headline, "read more") that follow one another are one
appearance of it; of several appearances the most prominent counts. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from newsroom.urls import canonical
from scraper.frontpage import blocks
from scraper.frontpage.blocks import HEADINGS, NAVIGATION, UNRANKED, Kind
from scraper.frontpage.prominence import STEP_PX, prominence
from scraper.frontpage.tree import TEXT, Box, Tree, around
from scraper.listings import discover
from scraper.outlets.registry import Outlet

ANCHORS_MAX = 20_000
HEADLINE_MAX = 500
NONE, MANY = -1, -2
_TOP = frozenset({"html", "body", "main"})
_TITLED = re.compile(r"(?<!sub)(?<!sub-)(?:headline|title)|(?:^|[\s_-])hed(?:$|[\s_-])")
_TWIN_VALUES = frozenset({("outputType", "amp"), ("view", "print")})
_NO_HEADLINE = re.compile(
    r"(?:read|see|learn|show|view) (?:more|all|the full)\b.*|full (?:story|coverage)|"
    r"continue reading.*|"
    r"\d+ comments?|comments?|share|watch(?: now)?|listen(?: now)?|live|video|photos?|updated.*|"
    r"(?:an?|\d+) (?:s|sec|min|minute|h|hr|hour|day)s?\.? ago",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article on the page. ``rank`` is None for what no editor placed as news.

    ``box`` is around headline, summary and picture; ``image_px2`` is None without a picture and
    where its size is unknown.
    """

    rank: int | None = None
    url: str
    canonical_url: str
    headline: str
    kind: Kind
    section: str | None
    box: Box | None
    font_px: float
    image: bool
    image_px2: float | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchor:
    node: int
    key: int
    mark: str | None


@dataclass(slots=True)
class _Run:
    """Words in one line block and one size; ``titled`` where a heading or a name says headline."""

    text: str
    font_px: float
    titled: bool
    linked: bool
    order: int

    def worth(self) -> tuple[bool, bool, bool, float, int]:
        """How much of a headline it is: greater is more."""
        words = len(self.text.split()) >= discover.ARTICLE_SLUG_MIN_WORDS
        real = words and not _NO_HEADLINE.fullmatch(self.text)
        return real, self.titled, self.linked, self.font_px, -self.order


def entries(tree: Tree, url: str, outlet: Outlet, viewport_px: tuple[int, int]) -> list[Entry]:
    """The articles of a page by rank, and after them those that have none."""
    page = _Page(tree, url, outlet, viewport_px)
    best: dict[str, tuple[tuple[float, ...], Entry]] = {}
    for order, (entry, spoken) in enumerate(page.appearances()):
        place = (entry.box.y, entry.box.x) if entry.box else (0.0, 0.0)
        worse = (entry.kind in UNRANKED, spoken, -entry.score, *place, order)
        if entry.canonical_url not in best or worse < best[entry.canonical_url][0]:
            best[entry.canonical_url] = (worse, entry)
    chosen = sorted(best.values(), key=lambda pair: (pair[0][0], *pair[0][2:]))
    return [
        entry if entry.kind in UNRANKED else replace(entry, rank=rank)
        for rank, (_, entry) in enumerate(chosen, start=1)
    ]


class _Page:
    """What is known of a page before its links are read one by one."""

    def __init__(self, tree: Tree, url: str, outlet: Outlet, viewport_px: tuple[int, int]) -> None:
        self.tree, self.outlet, self.viewport_px = tree, outlet, viewport_px
        self.ends = tree.ends()
        base = next(
            (a["href"] for t, a in zip(tree.tag, tree.attributes, strict=True)
             if t == "base" and a.get("href")), None,
        )  # fmt: skip
        self.base = urljoin(url, base) if base else url
        self.urls: list[str] = []
        self.keys: list[str] = []
        linked = self._linked()
        before = [0, *accumulate(int(node in linked) for node in range(len(tree)))]
        marks = blocks.marks(tree, self.ends, before)
        self.anchors = [
            _Anchor(node=node, key=key, mark=marks[node])
            for node, key in linked.items()
            if marks[node] != NAVIGATION and self._seen(node)
        ]
        self.lone = self._lone()
        self.labels = blocks.labels(tree, self.ends, before, self.lone)

    def appearances(self) -> Iterator[tuple[Entry, bool]]:
        """Each place where an article stands; True where only its picture's description is text."""
        runs = groupby(self.anchors, key=lambda anchor: (anchor.key, anchor.mark))
        for order, (_, anchors) in enumerate(runs):
            if (found := self._appearance(list(anchors), order)) is not None:
                yield found

    def _linked(self) -> dict[int, int]:
        """Anchors that lead to what has an article's address, and the number of that address."""
        tree, found = self.tree, dict[int, int]()
        numbers: dict[str, int] = {}
        of_href: dict[str, int | None] = {}
        for node, tag in enumerate(tree.tag):
            href = tree.attributes[node].get("href", "").strip() if tag == "a" else ""
            if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
                continue
            if href not in of_href:
                if len(of_href) >= ANCHORS_MAX:
                    break
                of_href[href] = None
                link = discover.absolute(href, self.base)
                if link and discover.is_article_address(link, self.outlet):
                    key = canonical(link)
                    of_href[href] = numbers.setdefault(key, len(numbers))
                    if of_href[href] == len(self.urls):
                        self.urls.append(link)
                        self.keys.append(key)
            if (number := of_href[href]) is not None:
                found[node] = number
        twins = [
            numbers.get(canonical(plain(link)), number) for number, link in enumerate(self.urls)
        ]
        return {node: twins[number] for node, number in found.items()}

    def _seen(self, anchor: int) -> bool:
        """Whether a reader can click it: on words, a picture, or an empty link laid over a card."""
        tree = self.tree
        if tree.shown[anchor]:
            return True
        inside = range(anchor, self.ends[anchor])
        return any(
            tree.picture[n] or (tree.shown[n] and tree.tag[n] == TEXT and tree.text[n].strip())
            for n in inside
        )

    def _lone(self) -> list[int]:
        """For each node the one article that it links, or NONE, or MANY."""
        lone = [NONE] * len(self.tree)
        for anchor in self.anchors:
            lone[anchor.node] = anchor.key
        for node in range(len(lone) - 1, 0, -1):
            parent = self.tree.parent[node]
            if parent >= 0 and lone[node] != NONE:
                same = lone[parent] in {NONE, lone[node]}
                lone[parent] = lone[node] if same else MANY
        return lone

    def _card(self, anchor: _Anchor) -> int:
        """The largest part of the page around a link that is about this article alone."""
        node, tree = anchor.node, self.tree
        while (parent := tree.parent[node]) >= 0 and self.lone[parent] == anchor.key:
            if tree.tag[parent] in _TOP:
                break
            node = parent
        return node

    def _appearance(self, anchors: list[_Anchor], order: int) -> tuple[Entry, bool] | None:
        tree, first = self.tree, anchors[0]
        cards = sorted({self._card(anchor) for anchor in anchors})
        nodes = [n for card in cards for n in range(card, self.ends[card])]
        runs = self._runs(cards, {n for a in anchors for n in range(a.node, self.ends[a.node])})
        pictures = [n for n in nodes if tree.picture[n]]
        spoken = ""
        if not runs:
            spoken = next(
                (text for n in nodes for name in ("aria-label", "alt", "title")
                 if (text := " ".join(tree.attributes[n].get(name, "").split()))), "",
            )  # fmt: skip
        head = max(runs, key=_Run.worth) if runs else None
        headline = (head.text if head else spoken)[:HEADLINE_MAX]
        link = self.urls[first.key]
        if not discover.is_article_link(link, self.outlet, headline) or not headline:
            return None
        leaves = [
            n for n in nodes
            if tree.picture[n] or (tree.tag[n] == TEXT and tree.shown[n] and tree.text[n].strip())
        ]  # fmt: skip
        box = around(b for n in leaves if (b := tree.box[n]) is not None)
        font_px = head.font_px if head else tree.font_px[first.node]
        image_px2 = max((a for n in pictures if (a := tree.picture_px2[n])), default=None)
        section = self._section(cards[0])
        entry = Entry(
            url=link,
            canonical_url=self.keys[first.key],
            headline=headline,
            kind=self._kind(first, link, section),
            section=section,
            box=box,
            font_px=font_px,
            image=bool(pictures),
            image_px2=image_px2,
            score=prominence(
                top_px=box.y if box else order * STEP_PX,
                font_px=font_px,
                image_px2=image_px2,
                viewport_px=self.viewport_px,
            ),
        )
        return entry, bool(spoken)

    def _runs(self, cards: list[int], linked: set[int]) -> list[_Run]:
        """The words of cards in their lines, in the order of the page."""
        tree = self.tree
        runs: dict[tuple[int, float, bool], _Run] = {}
        for card in cards:
            for node in range(card, self.ends[card]):
                if tree.tag[node] == "br" and runs:
                    next(reversed(runs.values())).text += " "
                if tree.tag[node] != TEXT or not tree.shown[node] or not tree.text[node].strip():
                    continue
                line, titled, above = card, False, tree.parent[node]
                inner, others = True, False
                while above >= card:
                    others = others or (tree.tag[above] == "a" and above not in linked)
                    titled = titled or self._titled(above)
                    if inner and tree.block[above]:
                        line, inner = above, False
                    above = tree.parent[above]
                if others:
                    continue  # the words of another link, to a section or an author
                key = (line, tree.font_px[node], node in linked)
                run = runs.setdefault(key, _Run("", key[1], titled, key[2], node))
                run.text += tree.text[node]
        for run in runs.values():
            run.text = " ".join(run.text.split())
        return list(runs.values())

    def _titled(self, node: int) -> bool:
        attributes = self.tree.attributes[node]
        return (
            self.tree.tag[node] in HEADINGS
            or attributes.get("role") == "heading"
            or _TITLED.search(attributes.get("class", "").lower()) is not None
        )

    def _section(self, card: int) -> str | None:
        node = self.tree.parent[card]
        while node >= 0:
            over = [text for heading, text in self.labels.get(node, ()) if heading < card]
            if over:
                return over[-1]
            node = self.tree.parent[node]
        return None

    def _kind(self, anchor: _Anchor, link: str, section: str | None) -> Kind:
        of_path = blocks.of_path(urlsplit(link).path)
        of_label = blocks.of_label(section) if section else None
        rel = self.tree.attributes[anchor.node].get("rel", "").lower().split()
        said = [Kind.SPONSORED if "sponsored" in rel else None, anchor.mark, of_label, of_path]
        kinds = [Kind(kind) for kind in said if kind is not None]
        first = next((kind for kind in kinds if kind in UNRANKED), None)
        return first or of_path or next(iter(kinds), Kind.STORY)


def plain(url: str) -> str:
    """The address without what asks for its AMP or print twin."""
    parts = urlsplit(url)
    host = re.sub(r"^amp\.", "www.", parts.netloc)
    path = re.sub(r"^/amp(?=/)|/(?:amp|print)/?$|(?<=\.)amp\.(?=html?$)", "", parts.path)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in {"amp", "print"} and (name, value) not in _TWIN_VALUES
    ]
    return urlunsplit((parts.scheme, host, path, urlencode(query), ""))
