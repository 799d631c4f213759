"""From what the browser measured (CDP ``DOMSnapshot.captureSnapshot``) to a tree of boxes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsroom.errors import Refused
from scraper.frontpage.tree import TEXT, Box, Tree, around

NODES_MAX = 500_000
SEEN_PX2 = 4.0  # a box of one pixel is how sites hide text from the eye and not from the ear
OPACITY_MIN = 0.1
PICTURE_PX = 48.0  # smaller ones are icons, portraits and logos
PICTURES = frozenset({"img", "video", "picture", "amp-img"})
_ELEMENT, _TEXT = 1, 3
_EVERYWHERE = Box(-1e9, -1e9, 2e9, 2e9)


@dataclass(frozen=True, slots=True)
class _Look:
    """Computed styles of a node."""

    font_px: float = 16.0
    block: bool = False
    visible: bool = True
    opacity: float = 1.0
    clips: bool = False
    scrolls: bool = False
    backed: bool = False


_PLAIN = _Look()


def read(answer: bytes, styles: Sequence[str], width_px: int) -> tuple[Tree, float]:
    """The tree of the page and its height in pixels.

    ``styles`` are the properties that were asked for, in their order. Raises Refused
    ``parser-limit`` for a page of too many nodes, ``browser-failed`` for no snapshot.
    """
    message = json.loads(answer)
    if "error" in message:
        raise Refused("browser-failed", f"no snapshot: {message['error'].get('message')}"[:300])
    document, strings = message["result"]["documents"][0], message["result"]["strings"]
    nodes = document["nodes"]
    parents: list[int] = nodes["parentIndex"]
    if len(parents) > NODES_MAX:
        raise Refused("parser-limit", f"more than {NODES_MAX} nodes")
    height = float(document["contentHeight"])
    boxes, looks = _measured(document["layout"], strings, styles)
    tree = Tree()
    inside = [Box(0.0, 0.0, float(width_px), height)]
    opacity = [1.0]
    for node, parent in enumerate(parents):
        kind, name = nodes["nodeType"][node], strings[nodes["nodeName"][node]].lower()
        box, look = boxes.get(node), looks.get(node, _PLAIN)
        within = inside[parent] if parent >= 0 else inside[0]
        opaque = look.opacity * (opacity[parent] if parent >= 0 else 1.0)
        shown = (
            box is not None
            and look.visible
            and opaque >= OPACITY_MIN
            and box.cut(within).area >= SEEN_PX2
        )
        names = [strings[i] for i in nodes["attributes"][node]] if kind == _ELEMENT else []
        attributes = dict(zip(names[::2], names[1::2], strict=True))
        if node > 0:
            inside.append(_window(name, look, box, within))
            opacity.append(opaque)
        pictured = name in PICTURES or look.backed
        area = picture_px2(box) if pictured and shown else None
        unknown = name in PICTURES and box is not None and look.visible and unmeasured(attributes)
        tree.parent.append(parent)
        tree.tag.append(TEXT if kind == _TEXT else name)
        tree.attributes.append(attributes)
        tree.text.append(strings[nodes["nodeValue"][node]] if kind == _TEXT else "")
        tree.box.append(box)
        tree.font_px.append(look.font_px)
        tree.shown.append(shown)
        tree.block.append(look.block and kind == _ELEMENT)
        tree.picture.append(area is not None or unknown)
        tree.picture_px2.append(area)
    return tree, height


def picture_px2(box: Box | None) -> float | None:
    """The area of an illustration; None for an icon or what has no size."""
    if box is None or min(box.width, box.height) < PICTURE_PX:
        return None
    return box.area


def unmeasured(attributes: Mapping[str, str]) -> bool:
    """Whether a picture says nothing of its size: it was not fetched, so nobody knows."""
    return not (attributes.get("width") or attributes.get("height"))


def _window(name: str, look: _Look, box: Box | None, within: Box) -> Box:
    """Through what a node's content is seen; what can be scrolled into view counts as seen."""
    if name in {"html", "body"} or box is None:
        return within  # their overflow is that of the window
    if look.scrolls:
        return _EVERYWHERE
    return within.cut(box) if look.clips else within


def _measured(
    layout: Mapping[str, Any], strings: Sequence[str], styles: Sequence[str]
) -> tuple[dict[int, Box], dict[int, _Look]]:
    boxes: dict[int, Box] = {}
    looks: dict[int, _Look] = {}
    known: dict[tuple[int, ...], _Look] = {}
    for node, bounds, style in zip(
        layout["nodeIndex"], layout["bounds"], layout["styles"], strict=True
    ):
        box = Box(*map(float, bounds))
        old = boxes.get(node)
        boxes[node] = box if old is None else around([old, box]) or box
        key = tuple(style)
        if key and key not in known:
            known[key] = _look(dict(zip(styles, (strings[i] for i in key), strict=True)))
        looks[node] = known[key] if key else _PLAIN
    return boxes, looks


def _look(style: Mapping[str, str]) -> _Look:
    overflow = {style["overflow-x"], style["overflow-y"]}
    return _Look(
        font_px=float(style["font-size"].removesuffix("px")),
        block=not style["display"].startswith(("inline", "contents")),
        visible=style["visibility"] == "visible",
        opacity=float(style["opacity"]),
        clips=bool(overflow & {"hidden", "clip"}),
        scrolls=bool(overflow & {"auto", "scroll"}),
        backed="url(" in style["background-image"],
    )
