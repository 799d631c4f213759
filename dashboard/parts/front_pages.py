"""What front pages lead with: outlet by outlet, those with one story together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts.aria import aria

Look = Mapping[str, Any]
PROMINENCE: Final = (
    "Prominence is how large the headline and the picture are set, and how far up the page they "
    "stand. The bar is the part of the prominence of everything on that front page."
)


def led(looks: Sequence[Look]) -> list[Look]:
    """Those on which something has a rank, so that it leads."""
    return [look for look in looks if look["leads"]]


def together(looks: Sequence[Look]) -> list[tuple[str | None, list[Look]]]:
    """Looks by the story they lead with: shared ones first, then all the others under None."""
    by_story: dict[str, list[Look]] = {}
    for look in looks:
        story = look["leads"][0]["story_id"]
        if story is not None:
            by_story.setdefault(story, []).append(look)
    shared = {story: some for story, some in by_story.items() if len(some) > 1}
    alone = [look for look in looks if look["leads"][0]["story_id"] not in shared]
    order = sorted(shared, key=lambda story: (-len(shared[story]), story))
    groups: list[tuple[str | None, list[Look]]] = [
        (story, sorted(shared[story], key=lambda look: look["publisher"])) for story in order
    ]
    if alone:
        groups.append((None, sorted(alone, key=lambda look: look["publisher"])))
    return groups


def summary(looks: Sequence[Look]) -> str:
    """What there is to see, in one sentence."""
    story, some = together(looks)[0]
    if story is None:
        return "No two of these front pages lead with the same story."
    return (
        f"{wording.count(len(some))} of {wording.count(len(looks))} front pages lead with the same "
        "story."
    )


def leads(looks: Sequence[Look]) -> Component:
    """Every outlet's lead, under the story that it shares with others."""
    groups = together(looks)
    return html.Div(
        [_group(story, some, len(looks), only=len(groups) == 1) for story, some in groups],
        className="leads",
    )


def _group(story: str | None, looks: Sequence[Look], all_looks: int, *, only: bool) -> Component:
    if story is None:
        head: list[Any] = ["Each leads with a story of its own" if only else "The others"]
    else:
        title = looks[0]["leads"][0]["story_title"] or "an untitled story"
        head = [
            html.Span(f"{len(looks)} of {all_looks} lead with ", className="leads-many"),
            links.inside(title, links.path("stories", story)),
        ]
    return html.Section(
        [html.H3(head), html.Ol([_lead(look) for look in looks], className="lead-cards")],
        className="leads-group" if story is None else "leads-group leads-shared",
    )


def _lead(look: Look) -> Component:
    first = look["leads"][0]
    share = first["prominence_share"]
    text = first["headline"] or "(no headline)"
    return html.Li(
        [
            html.P(look["publisher"], className="kicker"),
            links.inside(text, links.path("articles", first["article_id"]), className="headline")
            if first["stored"]
            else html.Span(
                [links.link(text, first["url"], className="headline"), " (at the outlet)"]
            ),
            html.P(
                [
                    html.Span(
                        html.Span(
                            className="bar-fill", style={"width": f"{(share or 0) * 100:.1f}%"}
                        ),
                        className="bar-track",
                        **aria(hidden="true"),
                    ),
                    html.Span(placed(first)),
                ],
                className="lead-place",
                title=PROMINENCE,
            ),
            _age(look),
        ],
        className="lead-card",
    )


def placed(lead: Mapping[str, Any]) -> str:
    """How a piece is set: ``29 % of the page, headline 40 px, with a picture``."""
    words = []
    if lead["prominence_share"] is not None:
        words.append(f"{wording.share(lead['prominence_share'])} of the page's prominence")
    words.append(f"headline {lead['font_px']:.0f} px")
    if lead["image"]:
        words.append("with a picture")
    if lead["above_fold"] is False:
        words.append("below the first screen")
    return ", ".join(words)


def _age(look: Look) -> Component | None:
    if look["status"] != "thin":
        return None
    return html.P("Only part of this front page came.", className="quiet")


def then(looks: Sequence[Look]) -> list[list[str]]:
    """The same as rows of text: outlet, rank, headline, story, how it is set, when."""
    return [
        [
            look["publisher"],
            str(lead["rank"]),
            lead["headline"],
            lead["story_title"] or wording.NONE,
            placed(lead),
            wording.time(look["taken_at"]).removesuffix(" UTC"),
        ]
        for look in sorted(looks, key=lambda look: str(look["publisher"]))
        for lead in look["leads"]
    ]
