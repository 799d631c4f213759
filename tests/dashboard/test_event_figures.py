from __future__ import annotations

import json

from dashboard import event_figures
from dashboard.event_figures import MIX, Mix, Point
from dashboard.figures import FEW, LEFT, NEGATIVE, POSITIVE, RIGHT, Mean

MEANS = [
    Mean(name="Heron", n=2, mean=-1.5, low=-2.0, high=-1.0),
    Mean(name="Gull", n=1, mean=0.2, low=None, high=None),
]
POINTS = [
    Point(outlet="Heron", score=-1.0, headline="First"),
    Point(outlet="Heron", score=-2.0, headline="Second"),
    Point(outlet="Gull", score=0.2, headline="Third"),
    Point(outlet="Auk", score=4.0, headline="Of an outlet that is not drawn"),
]


def test_every_article_is_a_dot_and_every_outlet_a_line() -> None:
    figure = event_figures.scores(POINTS, MEANS, kind="lean")
    means, articles = figure["data"]
    assert articles["x"] == [-1.0, -2.0, 0.2]
    assert articles["marker"]["color"] == [LEFT, LEFT, FEW]
    assert means["error_x"]["array"] == [0.5, 0]
    assert "no interval: one article" in means["text"][1]
    assert all("n = " in row for row in means["y"])
    layout = figure["layout"]
    assert layout["xaxis"]["title"]["text"] == "Lean; line: mean, 95 % interval"
    low, high = layout["xaxis"]["range"]
    assert low == -high <= -2.0
    first = layout["yaxis"]["categoryarray"][-1]  # Plotly's first row is at the bottom
    assert first.startswith("Heron")
    assert [note["text"] for note in layout["annotations"]] == ["\u2190 Left", "Right \u2192"]


def test_only_what_is_clear_of_the_middle_has_the_colour_of_a_side() -> None:
    assert event_figures.side_colour("lean", 0.49) == FEW
    assert event_figures.side_colour("lean", 0.5) == RIGHT
    assert event_figures.side_colour("tone", -0.5) == NEGATIVE
    assert event_figures.side_colour("tone", 3.0) == POSITIVE


def test_the_mix_of_an_outlet_adds_up() -> None:
    shares = {"fact": 0.5, "quote": 0.25, "opinion": 0.05, "rest": 0.2}
    figure = event_figures.mix([Mix(outlet="Heron", sentences=40, articles=2, shares=shares)])
    assert [trace["name"] for trace in figure["data"]] == [said for said, _ in MIX.values()]
    assert abs(sum(trace["x"][0] for trace in figure["data"]) - 100) < 1e-9
    assert "n = 40" in figure["data"][0]["y"][0]
    assert figure["layout"]["xaxis"]["range"] == [0, 100]


def test_markup_reaches_plotly_as_text() -> None:
    evil = '<a href="javascript:alert(1)">x</a>'
    mean = Mean(name=evil, n=1, mean=1.0, low=None, high=None)
    shares = {"fact": 1.0, "quote": 0.0, "opinion": 0.0, "rest": 0.0}
    drawn = json.dumps(
        [
            event_figures.scores(
                [Point(outlet=evil, score=1.0, headline=evil)], [mean], kind="tone"
            ),
            event_figures.mix([Mix(outlet=evil, sentences=1, articles=1, shares=shares)]),
        ]
    )
    assert "<a" not in drawn
