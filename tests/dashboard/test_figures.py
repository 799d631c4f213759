from __future__ import annotations

import json

from dashboard import figures
from dashboard.figures import Mean


def mean(name: str, n: int, value: float, half: float | None = 0.2) -> Mean:
    low, high = (None, None) if half is None else (value - half, value + half)
    return Mean(name=name, n=n, mean=value, low=low, high=high)


MEANS = [
    mean("Gull", 40, 1.1),
    mean("Finch", 12, -3.0),
    mean("Heron", 31, -1.0),
    mean("Auk", 29, 2.0),
]


def test_few_articles_are_never_ranked() -> None:
    assert [m.name for m in figures.ranked(MEANS)] == ["Heron", "Gull", "Auk", "Finch"]


def test_intervals_show_n_and_name_both_ends() -> None:
    figure = figures.intervals(MEANS, kind="lean")
    (trace,) = figure["data"]
    assert [row.split("<br>")[0] for row in reversed(trace["y"])] == [
        "Heron",
        "Gull",
        "Auk",
        "Finch",
    ]
    assert all("n = " in row for row in trace["y"])
    assert figure["layout"]["xaxis"]["title"]["text"] == "Mean lean, 95 % interval"
    ends = [note["text"] for note in figure["layout"]["annotations"]]
    assert ends == ["\u2190 Left", "Right \u2192"]
    low, high = figure["layout"]["xaxis"]["range"]
    assert low == -high
    json.dumps(figure)


def test_few_articles_are_grey_and_hollow() -> None:
    (trace,) = figures.intervals(MEANS, kind="lean")["data"]
    marks = dict(
        zip([row.split("<br>")[0] for row in trace["y"]], trace["marker"]["symbol"], strict=True)
    )
    assert marks == {
        "Heron": "circle",
        "Gull": "circle",
        "Auk": "circle-open",
        "Finch": "circle-open",
    }
    assert figures.colour("lean", MEANS[1]) == figures.FEW


def test_a_side_is_coloured_only_when_the_whole_interval_lies_on_it() -> None:
    assert figures.colour("lean", mean("x", 50, -1.0)) == figures.LEFT
    assert figures.colour("lean", mean("x", 50, 1.0)) == figures.RIGHT
    assert figures.colour("lean", mean("x", 50, 0.1)) == figures.MIDDLE
    assert figures.colour("lean", mean("x", 50, 1.0, None)) == figures.MIDDLE


def test_headlines_stand_beside_their_bodies() -> None:
    pairs = [
        (mean("Gull", 40, 1.0), mean("Gull", 40, 0.4)),
        (mean("Auk", 9, 2.0), mean("Auk", 9, 1.0)),
    ]
    figure = figures.headline_and_body(pairs)
    names = [trace.get("name") for trace in figure["data"]]
    assert names == [None, "Body", "Headline (unvalidated)"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "Mean lean"


def test_the_timeline_has_the_first_outlet_on_top() -> None:
    points = [
        ("2026-11-04T10:00:00Z", "Gull", "Later"),
        ("2026-11-03T10:00:00Z", "Heron", "First"),
        ("2026-11-05T10:00:00Z", "Heron", "Last"),
    ]
    figure = figures.timeline(points)
    assert figure["layout"]["yaxis"]["categoryarray"] == ["Gull", "Heron"]
    assert figure["data"][0]["x"] == sorted(t for t, _, _ in points)


def test_markup_in_names_reaches_plotly_as_text() -> None:
    evil = '<a href="javascript:alert(1)">x</a>'
    drawn = json.dumps(
        [
            figures.intervals([mean(evil, 40, 1.0)], kind="tone"),
            figures.timeline([("2026-11-04T10:00:00Z", evil, evil)]),
            figures.headline_and_body([(mean(evil, 40, 1.0), mean(evil, 40, 1.0))]),
            figures.share_intervals([mean(evil, 40, 0.5)]),
        ]
    )
    assert "<a" not in drawn
    assert "&lt;a" in drawn
