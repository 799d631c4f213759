"""One article: what it is, its labels, and everything needed to check them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import cards, frame, labels, notices, sentences, tables
from dashboard.shapes import Annotation, Article

TITLE: Final = "Article"
CARD_ORDER: Final = (
    ("lean", "article"),
    ("lean", "headline"),
    ("tone", "article"),
    ("tone", "headline"),
    ("takeaways", "article"),
    ("topic", "article"),
    ("subtopic", "article"),
    ("category", "article"),
    ("news_type", "article"),
)


def top(_filters: Filters) -> Component:
    """The way back."""
    return html.P(links.inside("\N{LEFTWARDS ARROW} All articles", "/articles"), className="back")


def layout(_filters: Filters) -> Component:
    """One panel: an article stands or falls as a whole."""
    return html.Div(frame.panel("article-main", lines=18))


def item(filters: Filters) -> str:
    """The id in the path; the router only comes here with one."""
    assert filters.item is not None
    return filters.item


async def draw_main(client: Client, filters: Filters) -> Component:
    """The article, every label it ever had, and the event it belongs to."""
    row = await client.article(item(filters), links.seen(filters))
    event = [("event", row["event_id"]), *links.seen(filters)] if row["event_id"] else None
    made, cut, members = await asyncio.gather(
        client.annotations(item(filters)),
        client.sentences(item(filters), links.seen(filters)),
        client.members(event) if event else _nobody(),
    )
    strip = sentences.strip(
        cut, links.api_path(f"articles/{item(filters)}/sentences", links.seen(filters))
    )
    return main(row, made, strip, members)


async def _nobody() -> list[Article]:
    return []


PANELS: Final = {"article-main": draw_main}


def main(
    row: Mapping[str, Any],
    made: Sequence[Annotation],
    strip: Component | None,
    members: Sequence[Article],
) -> Component:
    """Head, labels, sentences, the event, where the labels come from."""
    quotes = row["quotes"]
    return html.Div(
        [
            head(row),
            frame.section(
                "article-labels",
                "Labels",
                label_cards(row["annotations"]),
                "Made by a model that was not told the outlet. ",
                wording.made_by(row["run"]),
            ),
            frame.section(
                "article-sentences",
                "Sentence by sentence",
                strip,
                "Each cell is a sentence of the text, in its order: the upper band is its type, "
                "the middle one its tone, the lower one whom it is about. Underlined numbers are "
                "those that a label above rests on.",
            )
            if strip is not None
            else None,
            frame.section("article-quotes", "The sentences they rest on", quoted(quotes))
            if quotes
            else None,
            frame.section("article-event", "The same event elsewhere", elsewhere(row, members)),
            frame.section(
                "article-provenance",
                "Where the labels come from",
                provenance(row["article_id"], made),
                "Every label with the model, the codebook and the text it was made on, in every "
                "run. A label is never overwritten: a new one is added beside it.",
            ),
        ]
    )


def quoted(quotes: Sequence[Mapping[str, Any]]) -> Component:
    """Evidence as the API gives it: numbered, and never more than a few words."""
    return html.Ul(
        [
            html.Li(
                [
                    html.A(
                        f"Sentence {quote['sentence'] + 1}",
                        href=f"#{sentences.anchor(quote['sentence'])}",
                        className="quiet",
                    ),
                    html.Blockquote(
                        quote["quote"] + ("\N{HORIZONTAL ELLIPSIS}" if quote["cut"] else "")
                    ),
                ]
            )
            for quote in quotes
        ],
        className="quotes",
    )


def head(row: Mapping[str, Any]) -> Component:
    """The top of the page."""
    revisions = row["revisions"]
    duplicate = row["duplicate_of"]
    known = [
        ("Published", wording.time(row["published_at"])),
        ("Date read from", row["date_source"]),
        ("Section", row["section"]),
        ("Length", wording.plural(row["words"], "word")),
        ("Language", row["language"]),
        (
            "Duplicate of",
            links.inside(
                f"another article ({wording.name(row['duplicate_reason'])})",
                links.path("articles", duplicate),
            )
            if duplicate
            else None,
        ),
        (
            "Event",
            links.inside(row["event"]["title"], links.path("events", row["event_id"]))
            if row["event"]
            else None,
        ),
        (
            "Story",
            links.inside("how it developed", links.path("stories", row["story_id"]))
            if row["story_id"]
            else None,
        ),
        ("Version", revision_text(row, revisions)),
        (
            "Came in through",
            f"{row['provenance']['via']}, {wording.time(row['provenance']['fetched_at'])}",
        ),
        ("Waiting", unfinished(row["work"])),
    ]
    return html.Div(
        [
            html.P(
                links.inside(
                    row["publisher"],
                    links.path("articles", filters=Filters(publisher=(row["publisher_id"],))),
                ),
                className="kicker",
            ),
            html.H1(row["title"] or "(no headline)", className="article-title"),
            html.P("By " + ", ".join(row["bylines"]), className="article-byline")
            if row["bylines"]
            else None,
            html.P(
                [
                    links.link(
                        "Read it at the outlet \N{NORTH EAST ARROW}",
                        row["url"],
                        className="button",
                    ),
                    html.Span(
                        "The text belongs to the outlet and is not shown here.", className="quiet"
                    ),
                ],
                className="article-source",
            ),
            cards.facts(known),
            changes(revisions) if len(revisions) > 1 else None,
        ],
        className="article-head",
    )


def revision_text(row: Mapping[str, Any], revisions: Sequence[Mapping[str, Any]]) -> str:
    """``2 of 2``, or that there is only one."""
    if len(revisions) > 1:
        return f"{row['revision']} of {len(revisions)}: the outlet changed it"
    return "the only one seen" if row["revision"] == 1 else str(row["revision"])


def unfinished(work: Sequence[Mapping[str, Any]]) -> str | None:
    """Work on this article that is not done, and why."""
    left = [
        f"{wording.name(row['stage'])}: {row['state']}"
        + (f" ({row['error_code']})" if row["error_code"] else "")
        for row in work
        if row["state"] != "done"
    ]
    return "; ".join(left) or None


def changes(revisions: Sequence[Mapping[str, Any]]) -> Component:
    """Each version that was seen."""
    rows = [
        [
            revision["revision"],
            wording.time(revision["fetched_at"]),
            revision["title"],
            wording.count(revision["words"]),
        ]
        for revision in revisions
    ]
    return html.Details(
        [
            html.Summary(f"{len(revisions)} versions were seen"),
            tables.text(
                ["Version", "Fetched", "Headline", "Words"], rows, caption="Versions", numeric=(3,)
            ),
        ],
        className="as-table",
        open=True,
    )


def ordered(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Labels in the order a reader wants them; those in force before those replaced."""
    places = {key: place for place, key in enumerate(CARD_ORDER)}
    return sorted(
        annotations,
        key=lambda a: (not a["current"], places.get((a["stage"], a["scope"]), len(places))),
    )


def label_cards(annotations: Sequence[Annotation]) -> Component:
    """The labels in force, or that there are none yet."""
    found = ordered(annotations)
    if not found:
        return notices.no_labels()
    return html.Div([labels.card(row) for row in found], className="label-grid")


def elsewhere(row: Mapping[str, Any], others: Sequence[Any]) -> Component:
    """The other members of the event."""
    rest = [other for other in others if other["article_id"] != row["article_id"]]
    if not rest:
        return notices.notice(
            "No event", "No other article about the same happening has been found so far."
        )
    return html.Div(
        [
            cards.articles(rest[:6]),
            html.P(
                links.inside(
                    f"All {wording.plural(len(rest) + 1, 'article')} of the event",
                    links.path("events", row["event_id"]),
                ),
                className="more",
            ),
        ]
    )


def provenance(article_id: str, annotations: Sequence[Annotation]) -> Component:
    """One row a label."""
    if not annotations:
        return notices.no_labels()
    return html.Div(
        [
            tables.text(
                [
                    "Label",
                    "Value",
                    "Confidence",
                    "In force",
                    "Scale",
                    "Labeller",
                    "Codebook",
                    "Prompt",
                    "Run",
                    "Made on text",
                    "Made at",
                ],
                [provenance_row(row) for row in ordered(annotations)],
                caption="Provenance of each label; digests are cut, the data has them whole",
                numeric=(2,),
            ),
            html.P(
                links.data(
                    "get the data", "/v1" + links.path("articles", article_id, "annotations")
                ),
                className="source",
            ),
        ]
    )


def provenance_row(row: Annotation) -> list[str]:
    """A label as cells."""
    part = "" if row["scope"] == "article" else f" ({row['scope']})"
    value = [
        wording.shortened(row["text"] or "", 60),
        wording.name(row["label"]) if row["label"] else "",
        wording.score(row["score"]) if row["score"] is not None else "",
    ]
    return [
        wording.STAGES.get(row["stage"], row["stage"]) + part,
        ", ".join(filter(None, value)),
        wording.share(row["confidence"]),
        "yes" if row["current"] else "no",
        row["scale"] or wording.NONE,
        f"{row['labeller']} {wording.digest(row['labeller_revision'])}",
        row["codebook_version"],
        wording.digest(row["prompt_digest"]),
        wording.digest(row["run_id"]),
        wording.digest(row["content_sha256"]),
        wording.time(row["made_at"]),
    ]
