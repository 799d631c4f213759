"""Which protocol a task on a document of some length gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from newsroom.errors import Refused

Regime = Literal["recall", "sum", "state", "hops"]
HOPS_MAX = 4  # at 0.98 a hop four leave 0.92, and a model's plans err on top


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A strategy and how many answers each call of a model takes."""

    strategy: Literal["single", "star", "tree", "scan", "iterq"]
    votes: int = 1


def route(regime: Regime, length: int, knee: int, *, hops: int = 1) -> Route:
    """The strategy for a text of ``length`` where one reader is good up to ``knee``.

    Raises Refused ``too-many-hops`` beyond four: each hop loses some, and agents win none back.
    """
    if regime == "hops" and hops > HOPS_MAX:
        raise Refused("too-many-hops", f"{hops} hops asked, at most {HOPS_MAX} are answered")
    if 2 * length <= knee:
        return Route(strategy="single", votes=3)
    match regime:
        case "recall":
            return Route(strategy="star")
        case "sum":
            return Route(strategy="tree")
        case "state":
            return Route(strategy="scan")
        case "hops":
            return Route(strategy="iterq")
