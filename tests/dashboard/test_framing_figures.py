"""Figures of how outlets write: what is coloured, what is not, and what adds up."""

from __future__ import annotations

from dashboard import framing_figures as figures
from dashboard.figures import Mean
from dashboard.framing_figures import Gap, Whole
from dashboard.parts import mixes


def mean(name: str, n: int, value: float) -> Mean:
    return Mean(name=name, n=n, mean=value, low=value - 0.2, high=value + 0.2)


def test_a_field_of_few_articles_is_written_but_not_coloured() -> None:
    cells = {("A", "politics"): mean("A", 40, 1.5), ("A", "sports"): mean("A", 29, -2.0)}
    drawn = figures.grid(cells, ["A", "B"], ["politics", "sports"], kind="lean", what="Category")
    assert drawn["data"][0]["z"] == [[None, None], [1.5, None]]  # B has none; rows from the bottom
    texts = [note["text"] for note in drawn["layout"]["annotations"]]
    assert len(texts) == 2
    assert "n = 29" in texts[1]
    assert "<b>" not in texts[1]


def test_markup_in_names_stays_text() -> None:
    evil = "<script>x</script>"
    drawn = figures.mix(
        [Whole(name=evil, n=40, parts={"fact": 1.0})], {"fact": "#000"}, {"fact": evil}
    )
    gaps = figures.gaps(
        [Gap(name=evil, value=1.0, low=0.5, high=1.5, differs=True, said=evil)],
        axis="x", first=evil, second=evil,
    )  # fmt: skip
    assert "<script>" not in str(drawn) + str(gaps)


def test_only_what_holds_is_filled() -> None:
    rows = [
        Gap(name=str(d), value=1.0, low=None, high=None, differs=d, said="")
        for d in (True, False, None)
    ]
    symbols = figures.gaps(rows, axis="x", first="A", second="B")["data"][0]["marker"]["symbol"]
    assert symbols == ["circle-open", "circle-open", "circle"]


def test_a_side_needs_enough_articles_and_a_clear_interval() -> None:
    assert mixes.own_side(mean("A", 40, -1.0)) == "left"
    assert mixes.own_side(mean("A", 40, 1.0)) == "right"
    assert mixes.own_side(mean("A", 40, 0.1)) is None
    assert mixes.own_side(mean("A", 29, 1.0)) is None
    assert mixes.own_side(None) is None


def test_a_spread_has_one_colour_a_number_and_grey_in_the_middle() -> None:
    colours = figures.ramp([-2, 0, 2], "tone")
    assert list(colours) == ["-2", "0", "2"]
    assert len(set(colours.values())) == 3
    assert colours["0"] == figures.MIDDLE
