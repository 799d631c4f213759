"""Two sides in every measure, and the stories they share or do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import framing_figures, links, wording
from dashboard.framing_figures import Gap
from dashboard.parts import cards, charts, data, notices, tables
from dashboard.parts.charts import Source

Row = Mapping[str, Any]
Listed = tuple[str, Mapping[str, Any], str]  # a side, its page of stories, the call it is of

NAMES: Final[Mapping[str, str]] = {
    "lean": "Lean",
    "tone": "Tone",
    "headline_lean": "Lean of headlines",
    "fact_sentences": "Sentences: fact",
    "opinion_sentences": "Sentences: opinion",
    "quote_sentences": "Sentences: quote",
    "borderline_sentences": "Sentences: borderline",
    "negative_sentences": "Sentences: negative",
    "party_balance": "Balance of parties",
}
SCORES: Final = ("lean", "tone", "headline_lean", "party_balance")
SENTENCES: Final = tuple(name for name in NAMES if name.endswith("_sentences"))
SUBJECTS: Final = ("category", "topic", "news_type")
SHOWN: Final = 24  # subjects a figure can carry; the rest stands in the data
HOLDS: Final = {True: "yes", False: "no", None: "not tested"}
OPEN: Final = (
    f"Filled marks hold after all others were tested too; hollow ones may be chance. Where a side "
    f"has fewer than {wording.N_MIN} articles nothing is tested."
)


def measures(
    answer: Mapping[str, Any], first: str, second: str, note: str | None, rests: Source
) -> Component:
    """What holds in words, then every measure: on the scales, of sentences, by subject."""
    rows: Sequence[Row] = answer["data"]
    lean = next((row for row in rows if row["measure"] == "lean"), None)
    of_a, of_b = (0, 0) if lean is None else (lean["a"]["n"], lean["b"]["n"])
    if not of_a or not of_b:
        empty = [name for name, n in ((first, of_a), (second, of_b)) if not n]
        return notices.notice(
            "One side has no labelled articles",
            f"Nothing labelled under these filters: {', '.join(empty)}. Choose others, or clear "
            "the filters.",
        )
    rests = replace(rests, n=of_a + of_b)
    parts = [
        ("On the scales", SCORES, _points, "Difference in points"),
        ("Sentence by sentence", SENTENCES, _percent, "Difference in percentage points"),
        ("Subjects and types", SUBJECTS, _percent, "Difference in percentage points"),
    ]
    return html.Div(
        [
            html.P(note, className="chart-note") if note else None,
            html.P(
                [html.B(first), f" (n = {wording.count(of_a)}) against ", html.B(second),
                 f" (n = {wording.count(of_b)})"],
                className="versus",
            ),
            verdict(rows, first, second, answer["meta"]),
            side_by_side(rows, first, second),
            *[
                _chart(title, [r for r in rows if r["measure"] in names], spelt, axis,
                       (first, second), rests)
                for title, names, spelt, axis in parts
            ],
            html.Details(
                [
                    html.Summary("How this is worked out"),
                    html.Ul([html.Li(text) for text in answer["meta"]["methods"]]),
                ],
                className="caveat",
            ),
        ]
    )  # fmt: skip


def verdict(rows: Sequence[Row], first: str, second: str, meta: Mapping[str, Any]) -> Component:
    """What can be said to differ, in sentences; or why nothing can."""
    held = [row for row in rows if row["differs"]]
    if not meta["tested"]:
        return html.P(
            html.B(
                f"Too few articles to say that these two differ: it takes {meta['n_min']} on "
                "either side. The numbers stand below with their intervals."
            )
        )
    tested = wording.plural(meta["tested"], "difference")
    if not held:
        return html.P(
            html.B(f"None of {tested} is large enough to be told from chance at these sizes.")
        )
    held = sorted(held, key=lambda row: row["p_adjusted"])
    return html.Div(
        [
            html.P(html.B(f"{len(held)} of {tested} hold:")),
            html.Ul([html.Li(_sentence(row, first, second)) for row in held[:SHOWN]]),
        ]
    )


def side_by_side(rows: Sequence[Row], first: str, second: str) -> Component:
    """The value of either side in every measure that is a mean, with its interval."""
    shown = [row for row in rows if row["label"] is None and row["difference"] is not None]
    return tables.plain(
        ["Measure", first, second, "Difference", "Holds"],
        [
            [
                name(row),
                *[_of_side(row, side) for side in ("a", "b")],
                _with_ends(row, row["difference"], row),
                HOLDS[row["differs"]],
            ]
            for row in shown
        ],
        caption=f"{first} and {second} side by side",
        numeric=(1, 2, 3),
    )


def _of_side(row: Row, side: str) -> str:
    return _with_ends(row, row[side]["value"], row[side])


def _with_ends(row: Row, value: float, ends: Row) -> str:
    spelt = _points if row["measure"] in SCORES else _percent
    if ends["ci_low"] is None:
        return spelt(value)
    return f"{spelt(value)} ({spelt(ends['ci_low'])} to {spelt(ends['ci_high'])})"


def _sentence(row: Row, first: str, second: str) -> str:
    spelt = _points if row["measure"] in SCORES else _percent
    return f"{name(row)}: {first} {spelt(row['a']['value'])}, {second} {spelt(row['b']['value'])}."


def name(row: Row) -> str:
    """``Lean``, ``Topic: Elections``."""
    if row["label"] is None:
        return NAMES.get(row["measure"], wording.name(row["measure"]))
    what = wording.STAGES.get(row["measure"], wording.name(row["measure"]))
    return f"{what}: {wording.name(row['label'])}"


def _points(value: float | None) -> str:
    return wording.score(value, 2)


def _percent(value: float | None) -> str:
    if value is None:
        return wording.NONE
    spelt = f"{abs(value) * 100:.1f}"
    return f"{wording.MINUS if value < 0 and float(spelt) else ''}{spelt} %"


def _chart(
    title: str,
    rows: Sequence[Row],
    spelt: Callable[[float | None], str],
    axis: str,
    between: tuple[str, str],
    rests: Source,
) -> Component | None:
    known = [row for row in rows if row["difference"] is not None]
    if not known:
        return None
    # Subjects by how many articles of both they are; other measures as they come.
    if any(row["label"] for row in known):
        known.sort(key=lambda r: (-(r["a"]["value"] + r["b"]["value"]), r["measure"], r["label"]))
    shown = known[:SHOWN]
    scale = 1.0 if spelt is _points else 100.0
    first, second = between
    marks = [
        Gap(
            name=name(row),
            value=row["difference"] * scale,
            low=None if row["ci_low"] is None else row["ci_low"] * scale,
            high=None if row["ci_high"] is None else row["ci_high"] * scale,
            differs=row["differs"],
            said=f"{first} {spelt(row['a']['value'])}, {second} {spelt(row['b']['value'])}",
        )
        for row in shown
    ]
    held = sum(bool(row["differs"]) for row in shown)
    notes = [OPEN]
    if len(known) > len(shown):
        notes.append(
            f"The {SHOWN} most frequent are drawn; {len(known) - SHOWN} stand in the data."
        )
    return html.Div(
        [
            html.H3(title),
            charts.chart(
                framing_figures.gaps(marks, axis=axis, first=first, second=second),
                title=f"{title}: {first} less {second}",
                summary=f"{wording.plural(len(marks), 'difference')}, of which {held} hold.",
                source=rests,
                heads=["Measure", first, "n", second, "n", "Difference", "95 %", "Holds"],
                rows=[
                    [
                        name(row),
                        spelt(row["a"]["value"]),
                        wording.count(row["a"]["n"]),
                        spelt(row["b"]["value"]),
                        wording.count(row["b"]["n"]),
                        spelt(row["difference"]),
                        f"{spelt(row['ci_low'])} to {spelt(row['ci_high'])}",
                        HOLDS[row["differs"]],
                    ]
                    for row in shown
                ],
                numeric=(1, 2, 3, 4, 5),
                notes=notes,
            ),
        ],
        className="part",
    )


def stories(
    only_a: Listed,
    only_b: Listed,
    both: Sequence[tuple[Row, Mapping[str, Mapping[str, Row]]]],
    pair: tuple[str, str],
) -> Component:
    """Stories of one side alone, of the other alone, and of both with how each told them."""
    first, second = only_a[0], only_b[0]
    return html.Div(
        [
            html.P(
                "Alone means that nothing by the other is stored here. That is no claim that it "
                "was silent: it may have been missed, or come later.",
                className="quiet",
            ),
            html.Div(
                [
                    _alone(f"Only {first}, not {second}", only_a),
                    _alone(f"Only {second}, not {first}", only_b),
                ],
                className="columns columns-even",
            ),
            html.Div(
                [
                    html.H3("Told by both"),
                    _shared(both, (first, second), pair)
                    if both
                    else notices.notice("No shared story", "Neither brought what the other did."),
                ],
                className="part",
            ),
        ]
    )


def periods(one: Listed, other: Listed) -> Component:
    """The largest stories of either period."""
    return html.Div(
        [_alone(f"Largest stories, {listed[0]}", listed) for listed in (one, other)],
        className="columns columns-even",
    )


def _alone(title: str, listed: Listed) -> Component:
    _, page, href = listed
    total = page["meta"]["total"]
    return html.Div(
        [
            html.H3(title),
            cards.stories(page["data"])
            if page["data"]
            else notices.notice("None", "There is no such story under these filters."),
            html.P(
                f"{wording.count(len(page['data']))} of {wording.plural(total, 'story', 'stories')}"
                ", the largest first.",
                className="source",
            ),
            data.block(href, name=title),
        ],
        className="part",
    )


def _shared(
    both: Sequence[tuple[Row, Mapping[str, Mapping[str, Row]]]],
    names: tuple[str, str],
    pair: tuple[str, str],
) -> Component:
    rows = []
    for story, told in both:
        counts = {o["publisher_id"]: o["articles"] for o in story["outlets"]}
        cells = [
            [
                spelt(told[metric].get(outlet, {}).get("mean"))
                for metric, spelt in (
                    ("lean", _points),
                    ("tone", _points),
                    ("opinion_sentences", wording.share),
                )
            ]
            for outlet in pair
        ]
        rows.append(
            [
                links.inside(
                    story["title"] or wording.NONE, links.path("stories", story["story_id"])
                ),
                *[
                    f"{wording.count(counts[outlet])} / {wording.count(counts[other])}"
                    for outlet, other in [pair]
                ],
                *[f"{a} / {b}" for a, b in zip(*cells, strict=True)],
            ]
        )
    first, second = names
    return html.Div(
        [
            html.P(f"In each field: {first} / {second}.", className="chart-note"),
            tables.plain(
                ["Story", "Articles", "Mean lean", "Mean tone", "Opinion in sentences"],
                rows,
                caption=f"Stories told by {first} and {second}, and how",
                numeric=(1, 2, 3, 4),
            ),
            html.P(
                f"Few articles each, so these show how two newsrooms told one story and prove "
                f"nothing by themselves: below {wording.N_MIN} articles no mean is compared.",
                className="chart-note",
            ),
        ]
    )
