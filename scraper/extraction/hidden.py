"""Text that a reader does not see and a labeller must not: hidden by style or class on the element.

trafilatura drops ``display: none`` and comments; what shrinks, fades or moves text out of sight is
dropped here, since orders to a model are best hidden so. What a style sheet hides is not known.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

# Anything below a pixel, a tenth of opacity, or hundreds of pixels off the page is meant unseen.
_STYLE = re.compile(
    r"font-size:(?:0?\.0\d*|0?\.\d+px|0)(?:px|em|rem|pt|%)?(?![.\d])|opacity:0?(?:\.0\d*)?(?![.\d])"
    r"|(?:text-indent|left|top|right|margin-left):-\d{3,}|transform:scale\(0"
    r"|clip:rect\(0|clip-path:inset\((?:50|100)%"
)
_CLASSES = {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screenreader"}
# Parts of those names first: comparing whole names in XPath costs 5 ms on a large page.
_CANDIDATES = etree.XPath(
    "//body//*[@hidden or @style or contains(@class, 'sr-only') or contains(@class, 'hidden')"
    " or contains(@class, 'screen')]"
)
# A wrapper that fades in holds the article itself: nobody hides an order in more than half a page.
SHARE_MAX = 0.5


def drop(tree: Any) -> None:
    """Remove hidden elements from a parsed page, in place; the text behind them stays."""
    whole = len(tree.text_content())
    for element in _CANDIDATES(tree):
        style = re.sub(r"\s", "", element.get("style", "")).lower()
        named = _CLASSES.intersection(element.get("class", "").split())
        hidden = named or _STYLE.search(style) or "hidden" in element.attrib
        if hidden and len(element.text_content()) <= SHARE_MAX * whole:
            element.drop_tree()
