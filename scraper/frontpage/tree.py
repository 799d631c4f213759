"""A page as one flat tree, whoever measured it: what the reading of links works on.

Nodes are numbered in document order, so that a parent comes before its children and a subtree is a
range. Columns instead of objects: a front page has some ten thousand nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

TEXT = "#text"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in CSS pixels from the top left corner of the page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def cut(self, other: Box) -> Box:
        """What two boxes have in common; of no area where that is nothing."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width = min(self.x + self.width, other.x + other.width) - x
        height = min(self.y + self.height, other.y + other.height) - y
        return Box(x, y, max(0.0, width), max(0.0, height))


def around(boxes: Iterable[Box]) -> Box | None:
    """The smallest box around all of them; None around none."""
    found = list(boxes)
    if not found:
        return None
    x, y = min(b.x for b in found), min(b.y for b in found)
    right, bottom = max(b.x + b.width for b in found), max(b.y + b.height for b in found)
    return Box(x, y, right - x, bottom - y)


@dataclass(slots=True)
class Tree:
    """One column a property; ``box`` is None throughout where nobody measured.

    ``shown`` is whether a reader can see the node's text or picture, ``block`` whether it starts
    a line of its own, ``picture`` whether it is an image large enough to illustrate something,
    ``picture_px2`` the area of that image where it is known.
    """

    parent: list[int] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    attributes: list[Mapping[str, str]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    box: list[Box | None] = field(default_factory=list)
    font_px: list[float] = field(default_factory=list)
    shown: list[bool] = field(default_factory=list)
    block: list[bool] = field(default_factory=list)
    picture: list[bool] = field(default_factory=list)
    picture_px2: list[float | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.parent)

    def ends(self) -> list[int]:
        """For each node the number after its last descendant."""
        end = list(range(1, len(self) + 1))
        for node in range(len(self) - 1, 0, -1):
            parent = self.parent[node]
            if parent >= 0:
                end[parent] = max(end[parent], end[node])
        return end
