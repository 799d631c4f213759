"""The controls of a view. Each one is a named part of the URL query and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts.aria import aria

# Ids of the codebook; a label that is not here can still be filtered by through its link.
CATEGORIES: Final = (
    "politics",
    "culture_and_lifestyle",
    "sports",
    "business_and_economy",
    "disaster_and_incidents",
    "science_and_technology",
)
# What a control does, in a sentence or two; every name of a control has one.
HELP: Final[Mapping[str, str]] = {
    "publisher": "Only what these outlets published. Choose up to fifty; type a part of a name.",
    "category": "The broad field of an article, given by the model from its words.",
    "topic": "The subject an article resembles most, given by the model. One article, one topic.",
    "news_type": "Reports, or opinion pieces. The model decides from the way it is written.",
    "event": "Only articles about this one happening.",
    "story": "Only articles about this developing story, which may have several events.",
    "q": "Words of the headline. Put a phrase in quotation marks; -word leaves a word out.",
    "published": "First and last day of publication, both included, in UTC.",
    "labelled": "Articles wait for a worker before they have labels. Here you see which.",
    "sort": "Which rows stand first. It changes no number.",
    "colour": "What the colours of the bars stand for.",
    "shares": "Numbers of articles, or each outlet's articles as 100 %, so that sizes compare.",
    "level": "An event is one happening. A story is what becomes of it over days or weeks.",
    "state": "Over means that no new article has come for a while.",
    "without": "What this outlet has nothing of here. That is no proof that it was silent.",
    "live": "Ask for the numbers again every few seconds while work is going on.",
    "weights": "Whether each article counts the same, each outlet, or each place on a front page.",
    "highlight": "Keeps the colour of one class only and puts it first, so that it compares.",
    "view": "The same numbers as bars, or as a grid whose cells lead to the articles.",
    "run": "A run is one model with one set of instructions. Another run may label differently.",
    "kind": "Lean: whose viewpoints the wording resembles. Tone: how negative or positive it is.",
    "compare": "Two outlets over the same days, or the same outlets over two periods.",
    "before": "The other period. Left empty, it is as many days just before the first.",
    "against": "The run whose labels are set beside those that readers see.",
}
ANY: Final = links.ANY
NEWS_TYPES: Final = ("news report", "opinion")


def _id(name: str) -> dict[str, str]:
    return {"type": "filter", "name": name}


WIDE: Final = frozenset({"q", "publisher"})


OUTLETS: Final = _id("publisher")


def _boxed(control: Any) -> Component:
    name = control.id["name"]
    wide = name in WIDE
    return html.Div(
        [control, help_mark(control.label, name)],
        className="filter filter-wide" if wide else "filter",
    )


def help_mark(label: str, name: str) -> Component | None:
    """A question mark that opens what a control does; it needs neither mouse nor script."""
    if name not in HELP:
        return None
    return html.Details(
        [
            html.Summary("?", title=f"What is “{label}”?", **aria(label=f"Help: {label}")),
            html.P(HELP[name], className="help-text"),
        ],
        className="help",
    )


def bar(*controls: Any, clear_to: str) -> Component:
    """The controls in a row, with the way back to everything."""
    return html.Div(
        [
            html.Div([_boxed(control) for control in controls], className="filters-controls"),
            links.inside("Clear all", clear_to, className="filters-clear"),
        ],
        className="filters",
        role="search",
        **aria(label="Filters"),
    )


def _first_is_any(options: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """The first option is the view without the control, so that it never enters the address."""
    first, rest = options[0], options[1:]
    return [
        {"value": ANY, "label": first[1]},
        *[{"value": key, "label": text} for key, text in rest],
    ]


def _chosen(value: str | None, options: Sequence[tuple[str, str]]) -> str:
    return ANY if value in (None, options[0][0]) else str(value)


def order(filters: links.Filters, sorts: Sequence[tuple[str, str]]) -> Any:
    """The order of a list; the first is what a view has without it."""
    return dmc.Select(
        id=_id("sort"),
        label="Order",
        data=_first_is_any(sorts),
        value=_chosen(filters.sort, sorts),
        allowDeselect=False,
    )


def words(filters: links.Filters) -> Any:
    """Words of the headline."""
    return dmc.TextInput(
        id=_id("q"),
        label="Headline contains",
        placeholder="e.g. harbour strike",
        value=filters.q or "",
        debounce=500,
    )


def outlets(filters: links.Filters) -> Any:
    """Any number of outlets; the names come from the API once the control stands."""
    return dmc.MultiSelect(
        id=_id("publisher"),
        label="Outlets",
        placeholder="All, or type a name",
        data=outlet_options([], {outlet: outlet for outlet in filters.publisher}),
        value=list(filters.publisher),
        searchable=True,
        clearable=True,
        limit=100,
        nothingFoundMessage="No outlet of that name",
    )


def outlet_options(
    known: Sequence[Mapping[str, Any]], chosen: Mapping[str, str]
) -> list[dict[str, str]]:
    """Outlets by name; a chosen one that the API does not list can still be taken away."""
    names = {**chosen, **{row["publisher_id"]: row["name"] for row in known}}
    return [
        {"value": value, "label": label}
        for value, label in sorted(names.items(), key=lambda pair: pair[1].casefold())
    ]


def select(name: str, label: str, value: str | None, options: Sequence[tuple[str, str]]) -> Any:
    """One of a few, or any."""
    offered = dict(options)
    if value is not None:
        offered.setdefault(value, wording.name(value))
    return dmc.Select(
        id=_id(name),
        label=label,
        data=[
            {"value": ANY, "label": "Any"},
            *[{"value": key, "label": text} for key, text in offered.items()],
        ],
        value=value or ANY,
        allowDeselect=False,
        searchable=len(offered) > 8,
    )


def category(filters: links.Filters) -> Any:
    """The broad field."""
    return select(
        "category", "Category", filters.category, [(c, wording.name(c)) for c in CATEGORIES]
    )


def news_type(filters: links.Filters) -> Any:
    """Report or opinion."""
    return select(
        "news_type", "Type", filters.news_type, [(n, wording.name(n)) for n in NEWS_TYPES]
    )


def labelled(filters: links.Filters) -> Any:
    """With labels, without, or both."""
    return select(
        "labelled", "Labels", filters.labelled, [("true", "Labelled"), ("false", "Not labelled")]
    )


def dates(filters: links.Filters, name: str = "published", label: str = "Published") -> Any:
    """First and last day of publication, or of another pair of ``links.PERIODS``."""
    days = [getattr(filters, end) for end in links.PERIODS[name]]
    return dmc.DatePickerInput(
        id=_id(name),
        label=label,
        placeholder="Any day",
        type="range",
        value=[day.isoformat() if day else None for day in days],
        valueFormat="D MMM YYYY",
        clearable=True,
        allowSingleDateInRange=True,
    )


def run(filters: links.Filters, rows: Sequence[Mapping[str, Any]]) -> Component | None:
    """Whose labels are shown, where there is more than one run to choose from."""
    if len(rows) < 2 and filters.run is None:
        return None
    promoted = next((row for row in rows if row["promoted"]), None)
    others = [row for row in rows if row is not promoted]
    value = next((r["run_id"] for r in others if r["run_id"].startswith(filters.run or " ")), None)
    if filters.run and promoted and promoted["run_id"].startswith(filters.run):
        value = ANY
    elif filters.run and value is None:  # older than those the API lists first
        value = filters.run
        others = [*others, {"run_id": value, "labeller": "run", "started_at": None}]
    control = dmc.Select(
        id=_id("run"),
        label="Labels of the run",
        data=[
            {"value": ANY, "label": _run_name(promoted, "promoted") if promoted else "Promoted"},
            *[{"value": row["run_id"], "label": _run_name(row)} for row in others],
        ],
        value=value or ANY,
        allowDeselect=False,
    )
    return html.Div([control, help_mark("Labels of the run", "run")], className="filter run-choice")


def _run_name(row: Mapping[str, Any], note: str | None = None) -> str:
    words = [f"{row['labeller']} {row['run_id'][:8]}"]
    if row["started_at"] is not None:
        words.append(f"begun {wording.day(row['started_at'])}")
    return ", ".join([*words, *([note] if note else [])])


def choice(name: str, label: str, value: str | None, options: Sequence[tuple[str, str]]) -> Any:
    """A few ways of seeing the same thing; the first is what a view has without it."""
    return html.Div(
        [
            dmc.SegmentedControl(
                id=_id(name),
                data=_first_is_any(options),
                value=_chosen(value, options),
                size="xs",
                **aria(label=label),
            ),
            help_mark(label, name),
        ],
        className="choice",
    )
