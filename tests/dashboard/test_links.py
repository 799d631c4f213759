from __future__ import annotations

from datetime import date

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from dashboard import links
from dashboard.links import Filters

WORDS = st.text(min_size=1, max_size=40).map(str.strip).filter(lambda s: s and s.isprintable())
SCALES = st.integers(-50, 50).map(lambda n: n / 10)
FILTERS = st.builds(
    Filters,
    publisher=st.lists(WORDS, unique=True, max_size=4).map(tuple),
    category=st.none() | WORDS,
    topic=st.none() | WORDS,
    q=st.none() | WORDS,
    published_from=st.none() | st.dates(date(1990, 1, 1), date(2009, 1, 1)),
    published_to=st.none() | st.dates(date(2010, 1, 1), date(2030, 1, 1)),
    lean_min=st.none() | SCALES,
    tone_max=st.none() | SCALES,
    labelled=st.none() | st.sampled_from(["true", "false"]),
    colour=st.none() | st.sampled_from(["category", "topic"]),
)


@given(FILTERS)
def test_a_view_survives_its_own_link(filters: Filters) -> None:
    assert links.parse(links.search_of(filters)) == filters


def test_unreadable_parts_are_named_and_left_out() -> None:
    found = links.parse("?lean_min=abc&lean_max=nan&bogus=1&labelled=maybe&q=ferry")
    assert found.q == "ferry"
    assert found.lean_min is found.lean_max is found.labelled is None
    assert found.problems == ("lean_min=abc", "lean_max=nan", "bogus=1", "labelled=maybe")


def test_reversed_dates_are_a_problem_not_an_empty_page() -> None:
    found = links.parse("?published_from=2026-11-09&published_to=2026-11-01")
    assert found.published_from is None
    assert found.published_to is None
    assert "reversed" in found.problems[0]


def test_controls_change_their_own_part_only() -> None:
    search = "?publisher=a&publisher=b&lean_min=-2&event=e1"
    assert links.merged(search, {"publisher": ["b"], "q": "ferry"}) == (
        "?publisher=b&event=e1&q=ferry&lean_min=-2"
    )
    assert links.merged("?category=politics", {"category": "any"}) == ""
    assert links.merged("", {"published": ["2026-11-01", None]}) == ""
    assert links.merged("", {"published": ["2026-11-01", "2026-11-03T00:00:00"]}) == (
        "?published_from=2026-11-01&published_to=2026-11-03"
    )


def test_view_choices_are_not_sent_to_the_api() -> None:
    asked = links.query(links.parse("?colour=topic&shares=true&q=ferry"), limit=5)
    assert asked == [("q", "ferry"), ("limit", "5")]


def test_how_coverage_is_drawn_and_weighed_is_in_the_address() -> None:
    asked = "?subtopic=taxes&weights=prominence&highlight=courts&view=grid"
    filters = links.parse(asked)
    assert links.search_of(filters) == asked
    assert links.query(filters) == [("subtopic", "taxes")]
    assert links.parse("?weights=money&view=pie").problems == ("weights=money", "view=pie")


@pytest.mark.parametrize(
    ("path", "page", "item"),
    [
        ("/", "today", None),
        ("/articles", "articles", None),
        ("/articles/abc", "article", "abc"),
        ("/articles/a%2Fb", "article", "a/b"),
        ("/stories/s1", "story", "s1"),
        ("/methods/", "methods", None),
    ],
)
def test_routes(path: str, page: str, item: str | None) -> None:
    assert links.route(path) == links.Route(page=page, item=item)


@pytest.mark.parametrize("path", ["/v1/articles", "/nothing", "/articles/a/b", "/docs", "/dash"])
def test_other_paths_are_no_pages(path: str) -> None:
    assert links.route(path) is None


def test_ids_cannot_leave_their_place_in_an_address() -> None:
    assert links.path("articles", "../../v1?x=1#y") == "/articles/..%2F..%2Fv1%3Fx%3D1%23y"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//evil.example/x",
        "/relative",
        "https://",
        "http://[broken",
        "",
        None,
    ],
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    made = links.link("text", url)
    assert isinstance(made, html.Span)
    assert not hasattr(made, "href")


def test_a_web_address_becomes_a_guarded_link() -> None:
    made = links.link("text", "https://harborledger.example/x")
    assert isinstance(made, html.A)
    assert made.rel == "noopener noreferrer nofollow"
    assert isinstance(links.inside("text", "/events"), dcc.Link)


def test_another_run_narrows_nothing() -> None:
    filters = links.parse("?run=3f1c9a0b6d2e&sort=-published_at")
    assert links.seen(filters) == [("run", "3f1c9a0b6d2e")]
    assert not links.narrowed(filters)
    assert links.narrowed(links.parse("?run=3f1c9a0b6d2e&q=ferry"))
    assert links.seen(links.Filters()) == []
    assert links.parse("?run=3f1c").problems == ("run=3f1c",)


def test_a_paused_page_and_the_run_set_beside_are_in_the_address() -> None:
    asked = f"?live=false&against={'6e' * 16}"
    filters = links.parse(asked)
    assert links.search_of(filters) == asked
    assert links.query(filters) == []
    assert links.parse("?live=maybe&against=short").problems == ("live=maybe", "against=short")


def test_a_time_of_reading_needs_an_offset_and_lists_keep_to_themselves() -> None:
    assert links.parse("?as_of=2026-11-20").as_of == "2026-11-20"
    assert links.parse("?as_of=2026-11-20T08:00:00Z").as_of == "2026-11-20T08:00:00Z"
    assert links.parse("?as_of=2026-11-20T08:00:00").problems == ("as_of=2026-11-20T08:00:00",)
    chosen = links.parse("?level=stories&state=open&without=a&as_of=2026-11-20")
    assert links.query(chosen) == [("as_of", "2026-11-20")]


def test_two_periods_are_two_pairs_of_days() -> None:
    search = links.merged("?compare=periods", {"before": ["2026-11-01", "2026-11-07"]})
    found = links.parse(search)
    assert (str(found.before_from), str(found.before_to)) == ("2026-11-01", "2026-11-07")
    assert links.query(found) == []  # the API is asked for both periods by their own names
    turned = links.parse("?before_from=2026-11-07&before_to=2026-11-01&kind=joy")
    assert (turned.before_from, turned.kind, len(turned.problems)) == (None, None, 2)
