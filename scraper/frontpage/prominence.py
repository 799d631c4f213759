"""How prominent a place is: one number from size and position, and the order that it makes.

The Media Bias Detector ranks by distance to the top of the page, font size, and presence and size
of a figure, and does not publish weights. Ours, fixed before any page was ranked:

    prominence = (font / 16 px)² · (1 + √(image / viewport)) · e^(−top / viewport height)

A letter's area grows with the square of its size. A picture that fills a screen doubles what its
headline has. A screen further down divides by e: readers spent 57 % of their time above the fold,
17 % on the second screen (Nielsen Norman Group, Scrolling and Attention, 2018).
"""

from __future__ import annotations

import math

BODY_PX = 16.0
# Without a browser the place in the document stands for the distance to the top: a usual front
# page has one link in 70 px.
STEP_PX = 70.0


def prominence(
    *, top_px: float, font_px: float, image_px2: float | None, viewport_px: tuple[int, int]
) -> float:
    """Of a headline at ``top_px`` in letters of ``font_px``; an image of unknown size adds nothing.

    Positive and finite for any finite input.
    """
    width, height = viewport_px
    size = (max(font_px, 1.0) / BODY_PX) ** 2
    image = 1.0 + math.sqrt(min(image_px2 or 0.0, width * height) / (width * height))
    return size * image * math.exp(-min(max(top_px, 0.0) / height, 600.0))
