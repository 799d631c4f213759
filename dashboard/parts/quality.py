"""How good the labels are: how often right, what is mistaken for what, how honest their doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, quality_figures, wording
from dashboard.figures import MARK, SECOND
from dashboard.parts import charts, data, tables
from dashboard.parts.aria import aria
from dashboard.quality_figures import Share

Row = Mapping[str, Any]
ORDER: Final = tuple(wording.STAGES)


def measured(answer: Row) -> Component:
    """The figure of accuracies, the tables of mistakes, calibration, and what nobody measured."""
    rows, confusions = answer["data"], answer["confusions"]
    return html.Div(
        [
            accuracy(rows, confusions),
            html.Div(
                [html.H3("What is mistaken for what"), *[mistakes(row) for row in confusions]],
                className="part",
            ),
            html.Div(
                [html.H3("Does it know when it is unsure?"), calibration(rows)], className="part"
            ),
            html.Div(
                [
                    html.H3("What nobody has measured"),
                    html.Ul(
                        [html.Li(_sentence(what)) for what in answer["meta"]["not_measured"]],
                        className="rules",
                    ),
                ],
                className="part",
            ),
        ]
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _ordered(rows: Sequence[Row]) -> list[Row]:
    return sorted(
        rows, key=lambda row: ORDER.index(row["stage"]) if row["stage"] in ORDER else len(ORDER)
    )


def _name(row: Row) -> str:
    return wording.STAGES.get(row["stage"], wording.name(row["stage"]))


def guess(row: Row) -> float:
    """How often always giving the most common label would be right."""
    return float(max(sum(line) for line in row["counts"]) / row["n"])


def accuracy(rows: Sequence[Row], confusions: Sequence[Row]) -> Component:
    """How often each kind of label is right, beside what needs no reading at all."""
    guesses = {row["stage"]: guess(row) for row in confusions}
    f1 = {row["stage"]: row["value"] for row in rows if row["measure"] == "macro_f1"}
    found = _ordered([row for row in rows if row["measure"] == "accuracy"])
    points = [
        Share(
            name=_name(row),
            value=row["value"],
            low=row["low"],
            high=row["high"],
            n=row["n"],
            unit=row["unit"],
            guess=guesses.get(row["stage"]),
        )
        for row in found
    ]
    worst = min(points, key=lambda point: point.value)
    title = "How often the labels are right"
    return charts.chart(
        quality_figures.shares(points, "Share that is right"),
        title=title,
        summary=f"{worst.name} is hardest: right {of_hundred(worst.value)}.",
        source=charts.Source(
            n=max(point.n for point in points),
            href=links.api_path("quality"),
            labeller=found[0]["labeller"],
            interval="bars: 95 % interval over outlets or articles",
        ),
        heads=["Label", "Right", "From", "To", "Guessing", "Macro F1", "n", "Measured on"],
        rows=[
            [
                point.name,
                wording.share(point.value),
                wording.share(point.low),
                wording.share(point.high),
                wording.share(point.guess),
                f"{f1[row['stage']]:.2f}" if row["stage"] in f1 else wording.NONE,
                f"{wording.count(point.n)} {point.unit}",
                row["on"],
            ]
            for point, row in zip(points, found, strict=True)
        ],
        numeric=(1, 2, 3, 4, 5, 6),
        notes=[
            f"{worst.name} is the hardest: right {of_hundred(worst.value)}"
            + (
                f", where always giving the most common label is right {of_hundred(worst.guess)}. "
                if worst.guess
                else ". "
            )
            + "So never read one article's label as a fact; averages over many articles are what "
            "this site is for.",
            "True labels: published data sets, named in the table. n stands in each row.",
        ],
        legend=[
            ("Right", MARK, "circle"),
            (quality_figures.GUESS, SECOND, "diamond"),
        ],
    )


def of_hundred(share: float | None) -> str:
    """``for 45 of 100``: a share as a reader counts."""
    return wording.NONE if share is None else f"for {share * 100:.0f} of 100"


def mistakes(row: Row) -> Component:
    """A true label a row, a given one a column, as shares of the row."""
    labels = row["labels"]
    lines = []
    for true, counts in zip(labels, row["counts"], strict=True):
        every = sum(counts)
        lines.append(
            html.Tr(
                [
                    html.Th(f"{wording.name(true)} ({wording.count(every)})", scope="row"),
                    *[
                        html.Td(
                            wording.share(n / every) if every else wording.NONE,
                            className="num heat heat-right" if given == true else "num heat",
                            style={"--share": f"{n / every if every else 0:.3f}"},
                            title=f"{wording.count(n)} of {wording.count(every)}",
                        )
                        for given, n in zip(labels, counts, strict=True)
                    ],
                ]
            )
        )
    name = _name(row)
    return html.Details(
        [
            html.Summary([html.B(name), ": ", confused(row)]),
            html.Div(
                html.Table(
                    [
                        html.Thead(
                            html.Tr(
                                [
                                    html.Th("Truly (n)", scope="col"),
                                    *[
                                        html.Th(wording.name(label), scope="col", className="num")
                                        for label in labels
                                    ],
                                ]
                            )
                        ),
                        html.Tbody(lines),
                    ],
                    className="table confusion",
                ),
                className="table-scroll",
                tabIndex="0",
                role="region",
                **aria(label=f"Mistakes of {name}"),
            ),
            html.P(
                "A row is what people say it is, a column what the model says. Shares of each row; "
                f"n = {wording.count(row['n'])} {row['unit']}, {row['on']}.",
                className="quiet",
            ),
        ],
        className="question",
        open=row["stage"] == "lean",
    )


def confused(row: Row) -> str:
    """The most frequent mistake, as a sentence."""
    shares = [
        (counts[given] / sum(counts), row["labels"][true], row["labels"][given])
        for true, counts in enumerate(row["counts"])
        for given in range(len(counts))
        if given != true and sum(counts) >= wording.N_MIN
    ]
    if not shares:
        return "too few to say what is mistaken for what"
    share, true, given = max(shares)
    return (
        f"of 100 that are {wording.name(true).lower()}, "
        f"{share * 100:.0f} are called {wording.name(given).lower()}"
    )


def calibration(rows: Sequence[Row]) -> Component:
    """How far confidence is from how often it is right: small is honest."""
    found = _ordered([row for row in rows if row["measure"] == "ece"])
    return html.Div(
        [
            html.P(
                "If the model says 70 %, it should be right 70 times of 100. This is how far off "
                "it is on average (expected calibration error). A small number means that its "
                "doubt can be believed, not that it is often right.",
                className="panel-text",
            ),
            tables.text(
                ["Label", "Off by", "n", "Measured on"],
                [
                    [
                        _name(row),
                        f"{row['value'] * 100:.1f} points",
                        f"{wording.count(row['n'])} {row['unit']}",
                        row["on"],
                    ]
                    for row in found
                ],
                caption="Expected calibration error",
                numeric=(1, 2),
            ),
            html.P(
                "Only the average was kept when it was measured, so there is no curve to draw.",
                className="quiet",
            ),
            data.data("quality", name="measured quality"),
        ]
    )
