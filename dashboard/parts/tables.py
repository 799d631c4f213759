"""Tables: the grid that reads on by cursor, and the plain one for everything short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts.aria import aria
from dashboard.shapes import Article

BLOCK = 50  # rows a request; the API's default page
GRID_GROWS_TO = 40  # rows that are simply all shown
GRID_HEIGHT = "calc(100vh - 19rem)"


def plain(
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
    marked: Sequence[int] = (),
) -> Component:
    """A real table. ``numeric`` columns are set right; ``marked`` rows are greyed."""
    kind = dict.fromkeys(numeric, "num")
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="sr-only"),
                html.Thead(
                    html.Tr(
                        [
                            html.Th(head, scope="col", className=kind.get(index, ""))
                            for index, head in enumerate(heads)
                        ]
                    )
                ),
                html.Tbody(
                    [
                        html.Tr(
                            [
                                html.Td(value, className=kind.get(index, ""))
                                for index, value in enumerate(row)
                            ],
                            className="few" if place in marked else "",
                        )
                        for place, row in enumerate(rows)
                    ]
                ),
            ],
            className="table",
        ),
        className="table-scroll",
        tabIndex="0",
        role="region",
        **aria(label=caption),
    )


def text(
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
) -> Component:
    """A table of nothing but text: one component, however many rows."""
    return html.Div(
        dmc.Table(
            data={
                "caption": caption,
                "head": list(heads),
                "body": [[str(cell) for cell in row] for row in rows],
            },
            className=" ".join(["table", "table-text", *[f"num-{index + 1}" for index in numeric]]),
        ),
        className="table-scroll",
        tabIndex="0",
        role="region",
        **aria(label=caption),
    )


def grid_row(article: Article) -> dict[str, Any]:
    """An article as the grid takes it: plain values, an address of ours, spelt-out scores."""
    labels = article["labels"]
    lean = labels["lean"] if labels else None
    tone = labels["tone"] if labels else None
    return {
        "article_id": article["article_id"],
        "href": links.path("articles", article["article_id"]),
        "title": article["title"] or "(no headline)",
        "publisher": article["publisher"],
        "published": wording.time(article["published_at"]).removesuffix(" UTC"),
        "topic": wording.name(labels["topic"]) if labels else "not labelled yet",
        "news_type": wording.name(labels["news_type"]) if labels else "",
        "lean": lean,
        "lean_text": wording.score(lean),
        "tone": tone,
        "tone_text": wording.score(tone),
        "words": article["words"],
    }


def grid(grid_id: str) -> Component:
    """The article grid. Order and filters are the API's, so the columns offer none."""
    columns: list[Mapping[str, Any]] = [
        {
            "field": "title",
            "headerName": "Headline",
            "cellRenderer": "Headline",
            "flex": 4,
            "minWidth": 240,
            "cellClass": "cell-read",
        },
        {
            "field": "publisher",
            "headerName": "Outlet",
            "flex": 1.5,
            "minWidth": 165,
            "tooltipField": "publisher",
        },
        {"field": "published", "headerName": "Published (UTC)", "width": 165},
        {
            "field": "lean",
            "headerName": "Lean",
            "cellRenderer": "Scale",
            "cellRendererParams": {"kind": "lean"},
            "width": 122,
        },
        {
            "field": "tone",
            "headerName": "Tone",
            "cellRenderer": "Scale",
            "cellRendererParams": {"kind": "tone"},
            "width": 122,
        },
        {
            "field": "topic",
            "headerName": "Topic",
            "flex": 1.2,
            "minWidth": 120,
            "tooltipField": "topic",
        },
        {"field": "news_type", "headerName": "Type", "width": 112},
        {"field": "words", "headerName": "Words", "width": 84, "type": "rightAligned"},
    ]
    return html.Div(
        dag.AgGrid(
            id=grid_id,
            columnDefs=columns,
            defaultColDef={"sortable": False, "resizable": True, "suppressMovable": True},
            rowModelType="infinite",
            getRowId="params.data.article_id",
            dashGridOptions={
                "cacheBlockSize": BLOCK,
                "maxConcurrentDatasourceRequests": 1,
                "infiniteInitialRowCount": 1,
                "rowHeight": 60,
                "ensureDomOrder": True,
            },
            className="newsroom-grid",
            style={"height": GRID_HEIGHT, "minHeight": "24rem"},
        ),
        role="region",
        **aria(label="Articles"),
    )


def outlets(rows: Sequence[Mapping[str, Any]]) -> Component:
    """Every outlet in one grid, sorted and searched where it stands."""
    columns: list[Mapping[str, Any]] = [
        {
            "field": "name",
            "headerName": "Outlet",
            "cellRenderer": "Headline",
            "cellClass": "cell-read",
            "flex": 2,
            "minWidth": 190,
            "filter": "agTextColumnFilter",
        },
        {"field": "domain", "headerName": "Site", "flex": 1.5, "minWidth": 160},
        {"field": "articles", "headerName": "Articles", "width": 110, "type": "rightAligned"},
        {"field": "refusals", "headerName": "Refused", "width": 110, "type": "rightAligned"},
        {"field": "span", "headerName": "Span", "flex": 1.2, "minWidth": 160, "sortable": False},
        {"field": "country", "headerName": "Country", "width": 105},
        {"field": "kind", "headerName": "Kind", "width": 145},
        {
            "field": "framing",
            "headerName": "Framing",
            "cellRenderer": "Framing",
            "width": 130,
            "sortable": False,
        },
    ]
    return html.Div(
        dag.AgGrid(
            id="outlets-grid",
            columnDefs=columns,
            rowData=list(rows),
            defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
            getRowId="params.data.publisher_id",
            dashGridOptions={"rowHeight": 46, "ensureDomOrder": True, "domLayout": "autoHeight"}
            if len(rows) <= GRID_GROWS_TO
            else {"rowHeight": 46, "ensureDomOrder": True},
            className="newsroom-grid newsroom-grid-low",
            style={} if len(rows) <= GRID_GROWS_TO else {"height": GRID_HEIGHT},
        ),
        role="region",
        **aria(label="Outlets"),
    )
