"""One article: what it is, its labels, and everything needed to check them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import ApiError, Client
from dashboard.links import Filters
from dashboard.parts import (
    cards,
    data,
    disputes,
    frame,
    history,
    labels,
    notices,
    sentences,
    tables,
)
from dashboard.shapes import Annotation

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
    """The article and everything that is known of it; what cannot be read says so in its place."""
    article_id, seen = item(filters), links.seen(filters)
    row = await client.article(article_id, seen)
    call = f"articles/{quote(article_id, safe='')}"
    own = [("article", article_id)]

    async def strip() -> Component | None:
        cut = await client.sentences(article_id, seen)
        return sentences.strip(cut, links.api_path(f"{call}/sentences", seen))

    async def event() -> Component:
        if not row["event_id"]:
            return elsewhere(row, [])
        return elsewhere(row, await client.members([("event", row["event_id"]), *seen]))

    async def versions() -> Component:
        return history.revisions(await client.get(f"{call}/revisions", seen), f"{call}/revisions")

    async def stays() -> Component:
        answer = await client.get(f"{call}/placements")
        names = {row["publisher_id"]: row["publisher"]}
        return history.placements(answer["data"], names, f"{call}/placements")

    async def said() -> Component:
        spoken, given = await asyncio.gather(
            client.get("disputes", own), client.get("overrides", own)
        )
        return disputes.said(spoken, given, article_id)

    async def made() -> Component:
        return provenance(article_id, await client.annotations(article_id))

    parts = (strip, event, versions, stays, said, made)
    return main(row, *await asyncio.gather(*(_or_notice(part) for part in parts)))


async def _or_notice(part: Callable[[], Awaitable[Component | None]]) -> Component | None:
    """A part of the page, or why it is not there: the article stands without it."""
    try:
        return await part()
    except ApiError as error:
        return notices.failed(error)


PANELS: Final = {"article-main": draw_main}


def main(
    row: Mapping[str, Any],
    strip: Component | None,
    event: Component | None,
    versions: Component | None,
    stays: Component | None,
    said: Component | None,
    made: Component | None,
) -> Component:
    """Head, labels, sentences, disputes, history, the event, where the labels come from."""
    run = row["run"]
    return html.Div(
        [
            head(row),
            frame.section(
                "article-labels",
                "Labels",
                label_cards(row["annotations"], row["quotes"]),
                "Made by a model that was not told the outlet. ",
                wording.made_by(run),
                " A label of one article is a guess: ",
                links.inside("how often it is right", "/methods"),
                ".",
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
            frame.section(
                "article-disputes",
                "Do you see it otherwise?",
                html.Div([said, disputes.form(row["article_id"], run["run_id"] if run else None)]),
                "A dispute is public and stays. It changes no label: a person looks at it and "
                "decides, and both are listed here.",
            ),
            frame.section(
                "article-history",
                "Was it changed after it was printed?",
                versions,
                "The page is looked at again for some days. Of the text only the first words of "
                "changed sentences are shown: the rights stay with the outlet.",
            ),
            frame.section(
                "article-places",
                "Where it stood on the front page",
                stays,
                "Place 1 is the most prominent story of the page, by position, size and picture. "
                "Hours are counted between looks that both show it.",
            ),
            frame.section("article-event", "The same event elsewhere", event),
            frame.section(
                "article-provenance",
                "Where the labels come from",
                made,
                "Every label with the model, the codebook and the text it was made on, in every "
                "run. A label is never overwritten: a new one is added beside it.",
            ),
        ]
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
        ],
        className="article-head",
    )


def revision_text(row: Mapping[str, Any], revisions: Sequence[Mapping[str, Any]]) -> Any:
    """``2 of 2``, or that there is only one."""
    if len(revisions) > 1:
        return html.A(
            f"{row['revision']} of {len(revisions)}: the outlet changed it",
            href="#article-history",
        )
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


def ordered(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Labels in the order a reader wants them; those in force before those replaced."""
    places = {key: place for place, key in enumerate(CARD_ORDER)}
    return sorted(
        annotations,
        key=lambda a: (not a["current"], places.get((a["stage"], a["scope"]), len(places))),
    )


def label_cards(
    annotations: Sequence[Annotation], quotes: Sequence[Mapping[str, Any]]
) -> Component:
    """The labels in force with the sentences they rest on, or that there are none yet."""
    found = ordered(annotations)
    if not found:
        return notices.no_labels()
    said = {quote["sentence"]: labels.quoted(quote) for quote in quotes}
    return html.Div([labels.card(row, said) for row in found], className="label-grid")


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
            data.data(f"articles/{article_id}/annotations", name="labels of every run"),
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
