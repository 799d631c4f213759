"""Under every figure and table: the view's link, the numbers behind it, and how to cite them.

The buttons are made to work by ``assets/data.js``; what to cite is asked of the API when the block
is opened, and not before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts.aria import aria

OPENED: Final = "data-open"
CITED: Final = "data-cited"
LIMIT: Final = "200"  # rows of a page, the API's most
PREFIX: Final = "/v1/"
# What a button puts in their place when it is pressed: the server's address, and the page's.
ORIGIN: Final = "{origin}"
HERE: Final = "{here}"
# What /v1/cite can pin and cite.
CITABLE: Final = frozenset(
    {"articles", "trends", "events", "stories", "annotations", "frontpages", "sources"}
)
# Lists that are read page by page.
PAGED: Final = (CITABLE - {"trends"}) | {"outlets", "refusals", "runs", "changes", "disputes"}


def data(
    api_path: str, params: Sequence[tuple[str, str]] = (), *, name: str, rows: bool = True
) -> Component:
    """The "Get the data" block of what one API call answered.

    ``api_path`` is the call without ``/v1/``, such as ``trends`` or ``events/3f…/facts``. ``name``
    says what it is the data of, and is unique on its page. ``rows`` is False where the answer is no
    list, so that there is nothing to put in a CSV.
    """
    return block(links.api_path(api_path, params), name=name, rows=rows)


def block(href: str, *, name: str, rows: bool = True, image: bool = False) -> Component:
    """:func:`data` for the address of a call; ``image`` where a chart stands above it."""
    route = urlsplit(href).path.removeprefix(PREFIX)
    key = {"of": href, "name": name}
    ways = [
        html.Li(_copy("Copy the link to this view", text=HERE)),
        html.Li(
            [
                links.data("Open the numbers as JSON", href),
                " ",
                _copy("Copy this API call", text=ORIGIN + href),
            ]
        ),
        html.Li(
            _button(
                "Download as CSV",
                "The same rows for a spreadsheet, up to 10,000 of them.",
                csv=_whole(route, href),
                name=name,
            )
        )
        if rows
        else None,
        *([html.Li(_image(form, name)) for form in ("png", "svg")] if image else []),
    ]
    return html.Details(
        [
            html.Summary(
                ["Get the data", html.Span(f": {name}", className="sr-only")],
                id={"type": OPENED, **key},
            ),
            html.Ul(ways, className="data-ways"),
            html.Div(id={"type": CITED, **key}, className="data-cited", **aria(live="polite"))
            if route in CITABLE
            else None,
            html.P(className="data-said", role="status"),
        ],
        className="get-data",
    )


def _whole(route: str, href: str) -> str:
    """The same list in the largest pages the API gives."""
    if route not in PAGED:
        return href
    found = urlsplit(href)
    kept = [pair for pair in parse_qsl(found.query) if pair[0] not in {"limit", "cursor", "count"}]
    return f"{found.path}?{urlencode([*kept, ('limit', LIMIT)])}"


def _button(label: str, title: str | None = None, **marks: Any) -> Component:
    """A button that ``assets/data.js`` makes work, by its ``data-`` attributes."""
    spelt: dict[str, Any] = {f"data-{name}": value for name, value in marks.items()}
    return html.Button(label, className="data-button", title=title, **spelt)


def _image(form: str, name: str) -> Component:
    return _button(f"Save the chart as {form.upper()}", image=form, name=name)


def _copy(label: str, *, text: str) -> Component:
    return _button(label, copy=text)


def cited(answer: Mapping[str, Any], origin: str) -> list[Component]:
    """How to cite it, what it rests on, and where more formats are.

    The API names itself as it was called, which may be in process: ``origin`` is what the reader
    knows it by.
    """
    asked_at = answer["call"].partition(PREFIX)[0]

    def seen(text: str) -> str:
        return text.replace(asked_at, origin) if origin and asked_at else text

    text = {form: seen(spelt) for form, spelt in answer["text"].items()}
    call = seen(answer["call"])
    return [
        html.Div(
            [
                html.H3("Cite it", className="data-title"),
                html.P(text["apa"], className="data-apa"),
                html.P(
                    [
                        _copy("Copy the citation", text=text["apa"]),
                        _copy("Copy as BibTeX", text=text["bibtex"]),
                        _copy("Copy as CITATION.cff", text=text["cff"]),
                        _copy("Copy as Python", text=seen(answer["snippet"])),
                    ],
                    className="data-buttons",
                ),
                html.P(_pinned(answer, call), className="quiet"),
            ]
        ),
        html.P(seen_words(answer["completeness"]), className="quiet"),
        html.P(_measured(answer["validation"]), className="quiet"),
        *([_export(answer["export"])] if answer["export"] is not None else []),
    ]


def _pinned(answer: Mapping[str, Any], call: str) -> list[Any]:
    if answer["pinned"]:
        said = "This call gives the same numbers whatever is collected later: "
    else:
        said = f"This call may answer differently later ({answer['not_pinned']}): "
    return [said, html.Code(call), " ", _copy("Copy this address", text=call)]


def seen_words(days: Mapping[str, Any]) -> str:
    """How well the days were seen: where nobody looked, no article is no absence."""
    if not days["days"]:
        return "How well these days were seen is not known: no day is in question."
    outlets = max(len(days["outlets"]), 1)
    short = [
        f"{wording.count(days[key])} {said}"
        for key, said in (
            ("days_unfinished", "not over when looked at"),
            ("days_kept_out", "kept out by the outlet"),
            ("days_broken", "broken"),
            ("days_not_crawled", "not crawled"),
            ("days_unjudged", "not judged"),
        )
        if days[key]
    ]
    whole = f"{wording.count(days['days_complete'])} of {wording.count(days['days'])}"
    said = f"Seen in full: {whole} outlet-days ({wording.plural(outlets, 'outlet')})"
    return f"{said}; {', '.join(short)}." if short else f"{said}."


def _measured(validation: Mapping[str, Any]) -> str:
    bare = [
        f"{wording.STAGES.get(row['stage'], row['stage']).lower()} of the {row['scope']}"
        for row in validation["unmeasured"]
    ]
    if bare:
        return f"Nobody has measured how good these labels are here: {', '.join(bare)}."
    if validation["measures"]:
        return "Every label used here was measured against labels that people gave."
    return "No label is used here."


def _export(body: Mapping[str, Any]) -> Component:
    asked = json.dumps({**body, "format": "parquet"}, ensure_ascii=False)
    command = (
        f'curl -X POST {ORIGIN}/v1/exports -H "Authorization: Bearer $KEY" '
        f"-H 'Content-Type: application/json' -d {_quoted(asked)}"
    )
    return html.P(
        [
            "Everything behind it as Parquet, with a snapshot id: an export, which takes a key. ",
            _copy("Copy the export call", text=command),
        ],
        className="quiet",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
