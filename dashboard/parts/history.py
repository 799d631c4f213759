"""What happened to an article after it was printed: its versions, and its place on front pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts import data, notices, tables
from newsroom import diff

CHANGES_SHOWN: Final = 6
HEADLINES_SHOWN: Final = 8
Row = Mapping[str, Any]

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "headline": ("New headline", "Only the headline is another."),
    "correction": ("Correction", "The outlet says that it corrected something."),
    "update": ("Update", "News was added, or the page says that it was updated."),
    "removal": ("Cut", "Sentences went and none came."),
    "silent-edit": ("Silent edit", "The text changed and the page does not say so."),
    "reverted": ("Changed back", "The text is again what it was before."),
    "other-address": ("Another address", "The same article was read at another address."),
}
FINDINGS: Final[Mapping[str, str]] = {
    "shown": "the article",
    "stale": "an older copy of it",
    "twin": "another form of it, such as a print version",
    "gone": "nothing: the page is gone",
    "withheld": "nothing: withheld for legal reasons",
    "paywalled": "a paywall",
    "moved": "another article",
    "refused": "a page that could not be read",
}


def revisions(answer: Mapping[str, Any], call: str) -> Component:
    """What changed between versions, the labels of each version, and what was found when."""
    rows, changes = answer["data"], answer["changes"]
    return html.Div(
        [
            html.Ol([change(row) for row in changes[:CHANGES_SHOWN]], className="edits")
            if changes
            else html.P(unchanged(answer["sightings"]), className="panel-text"),
            html.P(
                f"{wording.plural(len(changes) - CHANGES_SHOWN, 'older change')} in the data.",
                className="quiet",
            )
            if len(changes) > CHANGES_SHOWN
            else None,
            versions(rows) if len(rows) > 1 else None,
            sightings(answer["sightings"]),
            data.data(call, name="versions", rows=True),
        ]
    )


def unchanged(looks: Sequence[Row]) -> str:
    """That no change was seen, and how often anybody looked: one look cannot see any."""
    times = sum(look["looks"] for look in looks)
    if times < 2:
        return (
            "No change is known: the page was looked at once, so a later change would not have "
            "been seen."
        )
    return (
        f"No change was seen in {wording.plural(times, 'look')} "
        f"({wording.span(looks[0]['first_at'], looks[-1]['last_at'])}). A change between two looks "
        "that was taken back would not be seen."
    )


def change(row: Row) -> Component:
    """One change: when, what kind, the headline word by word, the first changed sentences."""
    name, meaning = KINDS.get(row["kind"] or "", ("Changed", "Of which kind is not known."))
    counted = [
        f"{sign}{wording.plural(row[key], 'word')}"
        for key, sign in (("words_added", "+"), ("words_removed", wording.MINUS))
        if row[key]
    ]
    more = (row["sentences_changed"] or 0) - len(row["sentences"])
    return html.Li(
        [
            html.P(
                [
                    html.B(name, className=f"edit-kind edit-{row['kind']}", title=meaning),
                    " ",
                    f"version {row['before']} → {row['after']}",
                    *([" · ", ", ".join(counted)] if counted else []),
                ],
                className="edit-head",
            ),
            html.P(
                f"{meaning} Between {wording.time(row['not_after'])} and "
                f"{wording.time(row['seen_at'])}.",
                className="quiet",
            ),
            html.Blockquote(row["note"], className="edit-note") if row["note"] else None,
            titled("Headline", pieces(row["title"])) if row["title_changed"] else None,
            *[titled(_said(edit["op"]), sentence(edit)) for edit in row["sentences"]],
            html.P(f"and {wording.plural(more, 'more sentence')}", className="quiet")
            if more > 0
            else None,
            html.P(
                "Another version of our reader read the later page: some of this may be ours.",
                className="quiet",
            )
            if row["reader_changed"]
            else None,
        ],
        className="edit",
    )


def _said(op: str) -> str:
    return {"added": "Sentence added", "removed": "Sentence taken out"}.get(op, "Sentence reworded")


def titled(name: str, body: Any) -> Component:
    """A part of a change under its name."""
    return html.Div([html.Span(name, className="edit-what"), html.P(body, className="edit-text")])


def sentence(edit: Row) -> list[Any]:
    """The first words of a sentence, struck out, underlined, or word by word."""
    if edit["before"] is None or edit["after"] is None:
        return pieces([{"op": edit["op"], "text": edit["after"] or edit["before"] or ""}])
    words = diff.words(edit["before"], edit["after"])
    return pieces([{"op": str(piece.op), "text": piece.text} for piece in words])


def pieces(parts: Sequence[Row]) -> list[Any]:
    """Words that stayed, went and came; each kind has its own element, for ears as for eyes."""
    found: list[Any] = []
    for part in parts:
        if part["op"] == "same":
            found.append(part["text"])
            continue
        gone = part["op"] == "removed"
        said = html.Span(" taken out: " if gone else " put in: ", className="sr-only")
        found += [(html.Del if gone else html.Ins)([said, part["text"]]), " "]
    return found


def versions(rows: Sequence[Row]) -> Component:
    """The labels of each version side by side: whether they changed with the text."""
    return html.Div(
        [
            html.H3("The labels of each version"),
            tables.text(
                ["Version", "First read", "Headline", "Words", "Lean", "Tone", "Topic"],
                [
                    [
                        row["revision"],
                        wording.time(row["fetched_at"]),
                        row["title"],
                        wording.count(row["words"]),
                        *_labels(row["labels"]),
                    ]
                    for row in rows
                ],
                caption="Labels of each version",
                numeric=(3, 4, 5),
            ),
            html.P(
                "Small steps mean little: the same text with other words around it moves a score "
                "by some tenths.",
                className="quiet",
            ),
        ],
        className="edit-versions",
    )


def _labels(labels: Row | None) -> list[str]:
    if labels is None:
        return ["not labelled", "", ""]
    return [
        wording.score(labels["lean"]),
        wording.score(labels["tone"]),
        wording.name(labels["topic"]),
    ]


def sightings(looks: Sequence[Row]) -> Component | None:
    """What was found at the address, and when."""
    if not looks:
        return None
    times = sum(look["looks"] for look in looks)
    return html.Details(
        [
            html.Summary(f"What was found at its address in {wording.plural(times, 'look')}"),
            tables.text(
                ["Found", "Version", "First", "Last", "Looks"],
                [
                    [
                        FINDINGS.get(look["finding"], look["finding"]),
                        look["revision"] or wording.NONE,
                        wording.time(look["first_at"]),
                        wording.time(look["last_at"]),
                        wording.count(look["looks"]),
                    ]
                    for look in looks
                ],
                caption="Looks at the address of the article",
                numeric=(4,),
            ),
        ],
        className="as-table",
    )


def placements(rows: Sequence[Row], names: Mapping[str, str], call: str) -> Component:
    """Where the article stood on front pages, how high and how long."""
    if not rows:
        return notices.notice(
            "Not seen on a front page",
            "It stood on none of the front pages that were looked at. Between two looks it may "
            "have: see ",
            links.inside("the outlets", "/outlets"),
            " for how often each front page was looked at.",
        )
    return html.Div(
        [*[stay(row, names) for row in rows], data.data(call, name="places on front pages")]
    )


def stay(row: Row, names: Mapping[str, str]) -> Component:
    """One front page: the sentence that says it, and the headlines that stood there."""
    outlet = names.get(row["publisher_id"], row["publisher_id"])
    place = (
        f"at best in place {wording.count(row['best_rank'])} ({wording.time(row['best_rank_at'])})"
        if row["best_rank"]
        else "without a rank: among what is most read, live or paid for"
    )
    gaps = (
        f"; {wording.plural(row['gaps'], 'gap')} without a look not counted" if row["gaps"] else ""
    )
    texts = list(dict.fromkeys(line["text"] for line in row["headlines"]))
    return html.Div(
        [
            html.P(
                [
                    html.B(f"{outlet}: "),
                    (
                        f"{place}, for {row['hours_on_page']:.1f} hours. Seen in "
                        f"{wording.count(row['shown'])} of {wording.plural(row['looks'], 'look')}, "
                        f"{wording.time(row['first_seen'])} to {wording.time(row['last_seen'])}"
                        f"{gaps}."
                    ),
                ]
            ),
            headlines(row["headlines"], len(texts)) if len(texts) > 1 else None,
        ],
        className="stay",
    )


def headlines(rows: Sequence[Row], different: int) -> Component:
    """What stood over the article, oldest first: outlets try headlines against each other."""
    left = len(rows) - HEADLINES_SHOWN
    return html.Div(
        [
            html.P(f"{different} headlines stood over it, in this order:", className="quiet"),
            tables.text(
                ["Headline on the front page", "From", "To"],
                [
                    [row["text"], wording.time(row["first_seen"]), wording.time(row["last_seen"])]
                    for row in rows[:HEADLINES_SHOWN]
                ],
                caption="Headlines on the front page",
            ),
            html.P(f"and {wording.plural(left, 'later change')} in the data", className="quiet")
            if left > 0
            else None,
        ]
    )
