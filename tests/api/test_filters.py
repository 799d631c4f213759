"""What may be asked, and how it is understood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from api.event_filters import EventsQuery, StoriesQuery
from api.filters import ArticlesQuery, TrendsQuery
from api.label_filters import AnnotationsQuery
from api.source_filters import FrontPagesQuery, RefusalsQuery
from newsroom.store.reading import where

AFTER = {"after", "after_oldest", "after_size"}


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-20T08:00:00Z", *[datetime(2026, 11, 20, 8, tzinfo=UTC)] * 2),
        ("2026-11-20T10:00:00+02:00", *[datetime(2026, 11, 20, 8, tzinfo=UTC)] * 2),
    ],
)
def test_a_day_is_included_whole_and_a_time_is_a_time(
    text: str, start: datetime, end: datetime
) -> None:
    query = ArticlesQuery(published_from=text, published_to=text)
    assert (query.published_from, query.published_to) == (start, end)


@pytest.mark.parametrize(
    "text",
    ["", "2026", "1700000000", "2026-13-01", "yesterday", "2026-11-20T08:00:00", "9999-12-31"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        ArticlesQuery(published_to=text)


@pytest.mark.parametrize(
    "given",
    [
        {"lean_min": "nan"}, {"lean_min": "inf"}, {"tone_max": 5.1}, {"limit": 0}, {"sort": "title"},
        {"duplicates": "only"}, {"q": ""}, {"q": "x" * 501}, {"q": "-" * 9}, {"q": "a " + "-( " * 40 + "b"}, {"publisher": [""]},
        {"publisher": ["x"] * 51}, {"labelled": "perhaps"}, {"run": "3f1c9a0"}, {"run": "x" * 65},
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused(given: dict) -> None:
    with pytest.raises(ValidationError):
        ArticlesQuery(**given)


@pytest.mark.parametrize("by", ["", "publisher,", "publisher,publisher", "x", "day,week,month"])
def test_dimensions_are_one_or_two_known_ones(by: str) -> None:
    with pytest.raises(ValidationError):
        TrendsQuery(metric="lean", by=by)


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean lean_min"):
        ArticlesQuery(lean_mim=1)
    with pytest.raises(ValidationError, match="there are limit, cursor, count"):
        RefusalsQuery(zzz=1)


def test_every_filter_becomes_a_condition_that_the_store_knows() -> None:
    everything = ArticlesQuery(
        publisher=["a"], category="c", topic="t", subtopic="u", news_type="n", event="e", story="s", language="en",
        q="q", published_from="2026-11-01", published_to="2026-11-02", lean_min=-1, lean_max=1,
        tone_min=-1, tone_max=1, duplicates="exclude", labelled=True,
    )  # fmt: skip
    paging = {"limit", "cursor", "count", "sort", "fields", "run", "labeller", "codebook", "as_of"}
    assert {*everything.where("x").names} == {*ArticlesQuery.model_fields} - paging
    assert {*where.ARTICLES} == {*where.ARTICLES_THEN}
    known = {*where.ARTICLES} - {*AFTER, "unlabelled"}
    assert {*everything.where("x").names} == known
    assert ArticlesQuery(labelled=False).where("x").names == ("unlabelled",)
    assert ArticlesQuery().where("x").names == ()
    assert {*EventsQuery(publisher=["a"], topic="t", story="s", published_from="2026-11-01",
                         published_to="2026-11-01", q="q", state="open", without="a").where("x").names} == (
        {*where.EVENTS} - {*AFTER, "closed"})  # fmt: skip
    stories = StoriesQuery(
        published_from="2026-11-01", published_to="2026-11-01", q="q", publisher=["a"],
        without="a", state="open",
    )  # fmt: skip
    assert {*stories.where().names} == {*where.STORIES} - {*AFTER, "closed"}
    refusals = RefusalsQuery(publisher=["a"], code="c")
    assert {*refusals.where().names} == {*where.REFUSALS} - {*AFTER}
    labels = AnnotationsQuery(article="a", publisher=["a"], stage="lean", scope="article", label="l",
                              made_from="2026-11-01", made_to="2026-11-01", current=True)  # fmt: skip
    assert {*labels.where("x").names} == {*where.ANNOTATIONS} - {*AFTER, "replaced"}
    assert AnnotationsQuery(current=False).where("x").names == ("replaced",)
    looks = FrontPagesQuery(
        publisher=["a"], status="ok", taken_from="2026-11-01", taken_to="2026-11-01"
    )
    assert {*looks.where().names} == {*where.FRONT_PAGES} - {*AFTER}
