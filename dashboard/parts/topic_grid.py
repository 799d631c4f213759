"""The mix of topics as a grid: outlets down, topics across, shaded by share."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard import coverage_figures, links, wording
from dashboard.links import Filters
from dashboard.parts.aria import aria
from dashboard.topic_mix import OTHER, Part, Row


def grid(
    rows: Sequence[Row],
    classes: Sequence[str],
    *,
    by: str,
    shares: bool,
    filters: Filters,
    caption: str,
    highlight: str | None = None,
) -> Component:
    """One cell an outlet and a class, which leads to its articles; the deeper, the more."""
    named = [kind for kind in classes if kind != OTHER]
    most = max((row.parts[kind].share for row in rows for kind in named), default=0.0)
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="sr-only"),
                html.Thead(
                    html.Tr(
                        [
                            html.Th("Outlet", scope="col"),
                            html.Th("Articles", scope="col", className="num"),
                            *[
                                html.Th(
                                    wording.name(kind),
                                    scope="col",
                                    className="mix-class mix-high"
                                    if kind == highlight
                                    else "mix-class",
                                )
                                for kind in classes
                            ],
                        ]
                    )
                ),
                html.Tbody(
                    [
                        html.Tr(
                            [
                                html.Th(row.name, scope="row"),
                                html.Td(wording.count(row.n), className="num"),
                                *[
                                    _cell(row, kind, most, by=by, shares=shares, filters=filters)
                                    for kind in classes
                                ],
                            ],
                            className="mix-together" if row.publisher_id is None else "",
                        )
                        for row in rows
                    ]
                ),
            ],
            className="table mix",
        ),
        className="table-scroll",
        tabIndex="0",
        role="region",
        **aria(label=caption),
    )


def _cell(
    row: Row, kind: str, most: float, *, by: str, shares: bool, filters: Filters
) -> Component:
    part = row.parts[kind]
    text = _said(part, shares=shares)
    depth = part.share / most if most and kind != OTHER else 0.0
    chosen = (row.publisher_id,) if row.publisher_id else filters.publisher
    leads = kind != OTHER and part.n > 0
    return html.Td(
        links.inside(
            text,
            links.path("articles", filters=narrowed(filters, by, kind, publisher=chosen)),
            title=f"{wording.plural(part.n, 'article')}, {coverage_figures.spelt(part)}",
        )
        if leads
        else html.Span(text),
        className="mix-cell",
        style={"--depth": f"{depth:.2f}"},
    )


def _said(part: Part, *, shares: bool) -> str:
    if part.n == 0:
        return "0"
    return wording.share(part.share) if shares else wording.count(part.n)


def narrowed(
    filters: Filters, by: str, kind: str, *, publisher: Sequence[str | None] = ()
) -> Filters:
    """What the articles of one class and outlet are filtered by, the rest of the view kept."""
    return Filters(
        publisher=tuple(one for one in publisher if one),
        category=kind if by == "category" else filters.category,
        topic=kind if by == "topic" else filters.topic,
        subtopic=kind if by == "subtopic" else filters.subtopic,
        news_type=filters.news_type,
        published_from=filters.published_from,
        published_to=filters.published_to,
        run=filters.run,
    )
