"""Pages that look like articles and are none, each told apart by name."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from newsroom.errors import Refused
from scraper.extraction.markup import Markup

WORDS_MIN = 50  # below, no lean can be read off; a news-in-brief has 60 to 120
STUB_WORDS_MAX = 180  # a teaser before a paywall is one to three paragraphs
GONE_WORDS_MAX = 150
_GONE = re.compile(
    r"""\b(?:404
    | page\ (?:was\ |is\ |could\ )?not\ (?:be\ )?found
    | page\ (?:you\ (?:requested|are\ looking\ for|were\ looking\ for)|does(?:n.t|\ not)\ exist
        |no\ longer\ exists|(?:is\ )?(?:unavailable|(?:no\ longer|not)\ available))
    | (?:article|story|content)\ (?:has\ been\ |was\ |is\ )?
        (?:removed|unavailable|(?:no\ longer|not)\ available)
    | can.?t\ find\ (?:the|that|this)\ page
    | nothing\ (?:was\ )?found
    | we.re\ sorry,\ but)""",
    re.IGNORECASE | re.VERBOSE,
)
_PAYWALL = re.compile(
    r"""(?:subscribe|sign\ in|log\ in|register|create\ (?:an?\ )?(?:free\ )?account)
        (?:\ now|\ today)?\ (?:to|and)\ (?:continue|keep|read|finish|unlock|access|view)
    | (?:to|and)\ (?:continue|keep)\ reading
    | already\ (?:a\ )?(?:subscriber|member|subscribed)
    | (?:for|(?:article|story|content)\ is\ (?:only\ )?(?:for|available\ to))\ (?:our\ )?
        (?:subscribers|members)
    | subscri(?:be|ption)\ (?:for|from|starting)
    | unlock\ this\ (?:article|story)
    | you(?:.ve|\ have)\ (?:reached|used|read)\ (?:your|all|the)\ .{0,40}(?:free|limit|articles)""",
    re.IGNORECASE | re.VERBOSE,
)
_PAYWALL_CLASS = " | ".join(
    f"//*[contains(@class,'{name}') or contains(@id,'{name}')]"
    for name in ("paywall", "subscriber-only", "regwall", "piano-", "meteredContent")
)
WALL_MAX_CHARS = 6_000  # a wall shows nothing else; under an article the same words are a footer
_CONSENT = re.compile(
    r"""we\ (?:value|care\ about|respect)\ your\ privacy
    | (?:we|our\ partners)\ use\ cookies
    | we\ and\ our\ .{0,30}partners\ (?:store|use|process)
    | your\ (?:privacy|cookie)\ (?:choices|settings)
    | before\ you\ continue
    | consent\ to\ (?:the\ use\ of\ )?(?:cookies|personali[sz]ed)""",
    re.IGNORECASE | re.VERBOSE,
)
_CHOICE = re.compile(
    r"""accept\ (?:all|and|cookies) | i\ (?:accept|agree) | agree\ (?:and|to) | reject\ all
    | manage\ (?:options|choices|cookies|settings|preferences)""",
    re.IGNORECASE | re.VERBOSE,
)
_ROBOT_TEST = re.compile(
    r"""verify\ (?:that\ )?you(?:\ are|.re)\ (?:a\ )?(?:human|not\ a\ robot)
    | are\ you\ a\ (?:human|robot)
    | checking\ (?:if\ the\ site\ connection\ is\ secure|your\ browser)
    | enable\ javascript\ and\ cookies\ to
    | unusual\ (?:traffic|activity)\ from\ your
    | press\ (?:and|&)\ hold\ to\ confirm
    | access\ (?:to\ this\ page\ has\ been\ )?denied
    | pardon\ our\ interruption
    | attention\ required!""",
    re.IGNORECASE | re.VERBOSE,
)
_LISTING_PATH = re.compile(
    r"""^/(?:sections?|category|categories|tags?|topics?|authors?|search|desk|people|contributors?
    |archives?|newsletters?|about|contact|privacy|terms)(?:/|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_VISUAL_TYPES = {"ImageGallery", "VideoObject", "MediaGallery", "AudioObject", "PodcastEpisode"}
_LISTING_TYPES = {"CollectionPage", "SearchResultsPage", "ItemPage", "ProfilePage"}
VISUAL_WORDS_MAX = 150  # a caption; a story beside a video is longer


def judge(
    page: Markup,
    tree: HtmlElement,
    *,
    url: str,
    title: str,
    text: str,
    words: int,
    free: bool | None,
) -> None:
    """Raise Refused with the reason why this page is no article; return where it is one."""
    visible_titles = (title, page.page_title, *page.h1)
    if words < GONE_WORDS_MAX and any(_GONE.search(t) for t in visible_titles):
        raise Refused("soft-404", f"says that there is nothing here: {title[:100]}")
    says_article = bool(page.articles) or bool(page.microdata) or "article" in _og_type(page)
    _judge_listing(page, tree, url, words, says_article=says_article)
    if _is_stub(tree, text, words, free=free):
        raise Refused("paywall-stub", f"{words} words before a paywall")
    if words < WORDS_MIN * 2 and (wall := _wall(visible_titles, _body_text(tree))):
        raise Refused(wall, f"{words} words beside a request for consent or a test for robots")
    if words < VISUAL_WORDS_MAX and (kind := _visual(page, tree, words)):
        raise Refused("not-article", f"a {kind} with {words} words")
    if words < WORDS_MIN:
        if _GONE.search(text):
            raise Refused("soft-404", "says that there is nothing here")
        raise Refused("too-short", f"{words} words, fewer than {WORDS_MIN}")
    if not title:
        raise Refused("not-article", "no headline")


def _judge_listing(
    page: Markup, tree: HtmlElement, url: str, words: int, *, says_article: bool
) -> None:
    path = urlsplit(url).path
    if not path.strip("/") and not urlsplit(url).query and not says_article:
        raise Refused("not-article", "a front page")
    if says_article:
        return
    if _LISTING_PATH.match(path):
        raise Refused("not-article", "a section or service page by its address")
    if page.types & _LISTING_TYPES:
        raise Refused("not-article", "a list of articles by its own description")
    linked, plain = _linked_words(tree)
    # A list of headlines is nearly all links; an article page has its body beside its menus.
    if linked > 2 * plain and words < GONE_WORDS_MAX:
        raise Refused("not-article", "mostly links")


def _wall(titles: tuple[str, ...], shown: str) -> str | None:
    """The code of a page that shows a question instead of its article."""
    if len(shown) > WALL_MAX_CHARS:
        return None
    if _ROBOT_TEST.search(shown) or any(_ROBOT_TEST.search(title) for title in titles):
        return "bot-wall"
    return "consent-wall" if _CONSENT.search(shown) and _CHOICE.search(shown) else None


def _is_stub(tree: HtmlElement, text: str, words: int, *, free: bool | None) -> bool:
    if words >= STUB_WORDS_MAX:
        return False
    if free is False:
        return True
    walled = bool(tree.xpath(_PAYWALL_CLASS))
    asks = bool(_PAYWALL.search(text) or _PAYWALL.search(_body_text(tree)))
    return asks and (walled or words < WORDS_MIN * 2)


def _visual(page: Markup, tree: HtmlElement, words: int) -> str | None:
    kinds = page.types & _VISUAL_TYPES
    if kinds and not page.articles:
        return "gallery" if "ImageGallery" in kinds or "MediaGallery" in kinds else "video"
    if _og_type(page).startswith("video"):
        return "video"
    if words < WORDS_MIN * 2:
        if tree.xpath("//video|//*[contains(@class,'video-player')]"):
            return "video"
        if len(tree.xpath("//figure|//*[contains(@class,'slide')]//img")) >= 5:
            return "gallery"
    return None


def _og_type(page: Markup) -> str:
    return (page.first("og:type") or "").lower()


def _linked_words(tree: HtmlElement) -> tuple[int, int]:
    linked = sum(len((a.text_content() or "").split()) for a in tree.iter("a"))
    return linked, max(0, len(_body_text(tree).split()) - linked)


def _body_text(tree: HtmlElement) -> str:
    body = tree.find("body")
    return str((body if body is not None else tree).text_content())
