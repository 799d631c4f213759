"""Without a browser: a tree from the markup alone. Sizes are what tags and attributes say.

Nothing stands anywhere here, so that no box is known; the order of the document takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from scraper.frontpage.rendered import PICTURE_PX, PICTURES, unmeasured
from scraper.frontpage.tree import TEXT, Tree

# The sizes that browsers give to headings (HTML standard, 15.3.7), in pixels.
_TAG_PX = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "h4": 16.0, "h5": 13.28, "h6": 10.72, "small": 13.3}
# <font size> from 1 to 7 (HTML standard, 15.3.4).
_FONT_PX = {"1": 10.0, "2": 13.0, "3": 16.0, "4": 18.0, "5": 24.0, "6": 32.0, "7": 48.0}
_LEAD = re.compile(r"(?:^|[\s_-])(?:lead|hero|splash|topstory|top-story|main-story)(?:$|[\s_-])")
LEAD_TIMES = 1.5  # what outlets call their lead they also print larger
LEAD_LINKS_MAX = 4  # a block of that name with more links is a region of the page
_LINE = frozenset({
    "a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "img", "mark", "q", "s", "small",
    "span", "strong", "sub", "sup", "u", "wbr", "br", "picture", "source", TEXT,
})  # fmt: skip
_UNSEEN = frozenset({"head", "script", "style", "template", "title", "option", "select", "svg"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SIZE = re.compile(r"font-size\s*:\s*([0-9.]+)\s*(px|pt|em|rem|%)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9.]+)\s*(?:px)?\s*$")


def read(root: HtmlElement) -> Tree:
    """The tree of a parsed page."""
    tree = Tree()
    waiting: list[tuple[HtmlElement | str, int]] = [(root, -1)]
    while waiting:
        node, parent = waiting.pop()
        if isinstance(node, str):
            if node.strip():
                shown = parent < 0 or tree.shown[parent]
                font = tree.font_px[parent] if parent >= 0 else 16.0
                _add(tree, parent, TEXT, {}, node, font_px=font, shown=shown)
            continue
        if not isinstance(node.tag, str):
            continue
        number = _element(tree, parent, node)
        below: list[HtmlElement | str] = [node.text or ""]
        for child in node:
            below += [child, child.tail or ""]
        waiting += [(child, number) for child in reversed(below)]
    return tree


def _element(tree: Tree, parent: int, node: HtmlElement) -> int:
    attributes = {str(k): str(v) for k, v in node.attrib.items()}
    style = attributes.get("style", "")
    font = tree.font_px[parent] if parent >= 0 else 16.0
    if node.tag in _TAG_PX:
        font = _TAG_PX[node.tag] * (font / 16.0 if parent >= 0 and font > 16.0 else 1.0)
    if node.tag == "font":
        font = _FONT_PX.get(attributes.get("size", ""), font)
    if size := _SIZE.search(style):
        font = _pixels(float(size[1]), size[2].lower(), font)
    elif _LEAD.search(attributes.get("class", "").lower()) and _links(node) <= LEAD_LINKS_MAX:
        font *= LEAD_TIMES
    shown = (
        (parent < 0 or tree.shown[parent])
        and node.tag not in _UNSEEN
        and "hidden" not in attributes
        and not _HIDDEN.search(style)
    )
    return _add(tree, parent, node.tag, attributes, "", font_px=font, shown=shown)


def _add(
    tree: Tree,
    parent: int,
    tag: str,
    attributes: Mapping[str, str],
    text: str,
    *,
    font_px: float,
    shown: bool,
) -> int:
    width, height = (_length(attributes.get(side)) for side in ("width", "height"))
    area = width * height if width and height and min(width, height) >= PICTURE_PX else None
    tree.parent.append(parent)
    tree.tag.append(tag)
    tree.attributes.append(attributes)
    tree.text.append(text)
    tree.box.append(None)
    tree.font_px.append(font_px)
    tree.shown.append(shown)
    # A span with a class is a kicker or a headline, most often set on a line of its own.
    tree.block.append(tag not in _LINE or (tag == "span" and "class" in attributes))
    tree.picture.append(tag in PICTURES and (area is not None or unmeasured(attributes)))
    tree.picture_px2.append(area if tag in PICTURES else None)
    return len(tree) - 1


def _links(node: HtmlElement) -> int:
    return sum(1 for _, _ in zip(node.iter("a"), range(LEAD_LINKS_MAX + 1), strict=False))


def _pixels(size: float, unit: str, font_px: float) -> float:
    factor = {"px": 1.0, "pt": 4 / 3, "em": font_px, "rem": 16.0, "%": font_px / 100}[unit]
    return min(size * factor, 400.0)


def _length(value: str | None) -> float | None:
    found = _LENGTH.match(value or "")
    return float(found[1]) if found and found[1].count(".") < 2 and found[1] != "." else None
