"""What became of an event or a story: splits, merges, moves, by whom, and as it stood then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.links import Filters
from dashboard.parts import notices

Row = Mapping[str, Any]

KINDS: Final[Mapping[str, str]] = {
    "created": "Found",
    "joined": "Articles joined",
    "left": "Articles left",
    "split": "Split",
    "merged": "Merged",
    "renamed": "Renamed",
    "closed": "Counted as over",
    "reopened": "Opened again",
    "undone": "An earlier change undone",
}
PLACES: Final[Mapping[str, str]] = {"event": "events", "story": "stories"}


def lineage(rows: Sequence[Row], group_id: str, more: bool) -> Component:
    """Every change, newest first, with who made it and why."""
    if not rows:
        return notices.notice("Nothing has become of it", "It stands as it was found.")
    return html.Div(
        [
            html.Ol([_entry(row, group_id) for row in rows], className="lineage"),
            html.P("Older changes stand in the data.", className="quiet") if more else None,
        ]
    )


def _entry(row: Row, group_id: str) -> Component:
    place = PLACES[row["level"]]
    others = [g for g in dict.fromkeys([*row["from_ids"], *row["to_ids"]]) if g != group_id]
    moved = len(row["articles"])
    what = KINDS.get(row["kind"], wording.name(row["kind"]))
    then = links.path(place, group_id, filters=Filters(as_of=row["at"]))
    return html.Li(
        [
            html.B(what, className="" if row["stands"] else "lineage-undone"),
            f" · {wording.time(row['at'])} · {actor(row['actor'])}",
            f" · {wording.plural(moved, 'article')}" if moved else "",
            f" · “{row['title']}”" if row["title"] else "",
            f" · why: {row['reason']}" if row["reason"] else "",
            *[
                part
                for other in others
                for part in (" · ", links.inside("the other one", links.path(place, other)))
            ],
            " · ",
            links.inside("as it stood then", then),
            "" if row["stands"] else " · taken back since",
        ]
    )


def actor(name: str) -> str:
    """``grouping:average-link-2`` → ``by the program average-link-2``."""
    kind, _, who = name.partition(":")
    return f"by {who}, a person" if kind == "human" else f"by the program {who or kind}"


def then(as_of: str, href: str) -> Component:
    """The notice over a page that shows an earlier time."""
    return html.Div(
        notices.notice(
            f"As it stood on {wording.time(as_of) if 'T' in as_of else wording.day(as_of)}",
            "Articles, texts and labels of then. Facts, amounts and front pages keep no such "
            "history and are left out. ",
            links.inside("Back to now", href),
        ),
        className="then",
    )


def retired(meta: Row, rows: Sequence[Row], more: bool) -> Component:
    """The page of an id that is no more: where its articles went, and what became of it."""
    level, heirs = meta["level"], meta["into"]
    place = PLACES[level]
    went = [
        part
        for heir in heirs
        for part in (" ", links.inside(f"Go to the {level} they are in", links.path(place, heir)))
    ]
    return html.Div(
        [
            html.H1(meta["title"] or f"(untitled {level})", className="article-title"),
            notices.notice(
                f"This {level} is no more",
                "Its articles were grouped anew."
                if heirs
                else "Its articles are in no group any more.",
                *went,
            ),
            html.H2("What became of it"),
            lineage(rows, meta["id"], more),
        ]
    )
