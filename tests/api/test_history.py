"""Revisions with what changed, placements and front pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from newsroom.store import articles, front_pages
from newsroom.store.front_pages import FrontPage, Layout, Link

REWORDED = "One brief sentence. " + " ".join(f"word{i}" for i in range(40)) + ". It ended."


def test_revisions_say_what_changed_and_when(own, filled, world) -> None:
    from newsroom.store import revisions
    from newsroom.store.revisions import Change

    first = world.article(4)
    at = first.fetched_at + timedelta(days=1)
    second = replace(
        world.article(4, REWORDED + " Many new words here." * 9),
        page_id=None,
        fetched_at=at,
        title="Another ferry",
    )
    change = Change(
        article_id=first.article_id, seen_at=at, before=1, after=2, not_after=first.fetched_at,
        kind="correction", title_changed=True, words_added=9, words_removed=2,
        note=" ".join(["corrected"] * 40), reader_changed=False,
    )  # fmt: skip
    with filled.transaction() as conn:
        articles.add(conn, second, stages=[])
        revisions.replace(conn, first.article_id, gone=[], changes=[change])
    answer = own.get(f"/v1/articles/{first.article_id}/revisions")
    body = answer.json()
    assert [r["revision"] for r in body["data"]] == [2, 1]
    assert [r["labels"] is not None for r in body["data"]] == [False, True]
    assert body["data"][1]["labels"]["lean"] == world.lean(4)
    (told,) = body["changes"]
    assert (told["before"], told["after"], told["kind"]) == (1, 2, "correction")
    assert told["not_after"] < told["seen_at"]
    pieces = {(p["op"], p["text"]) for p in told["title"]}
    assert ("added", "Another") in pieces
    assert len(told["note"].split()) == 25
    assert told["sentences_changed"] > len(told["sentences"]) == 3
    changed = told["sentences"][0]
    assert (changed["op"], changed["before"], changed["after"]) == (
        "changed", "One short sentence.", "One brief sentence.",
    )  # fmt: skip
    for sentence in told["sentences"]:
        for words in (sentence["before"], sentence["after"]):
            assert words is None or len(words.split()) <= 25
    assert "word25" not in answer.text
    assert [(s["finding"], s["revision"]) for s in body["sightings"]] == [
        ("shown", 1),
        ("shown", 2),
    ]


def test_an_article_that_never_changed(client, world) -> None:
    body = client.get(f"/v1/articles/{world.article_id(1)}/revisions").json()
    assert (len(body["data"]), body["changes"], len(body["sightings"])) == (1, [], 1)


def test_only_the_newest_changes_are_compared_and_long_texts_are_not() -> None:
    from datetime import UTC, datetime

    from api.changes import COMPARED_MAX, WORDS_MAX, told

    start = datetime(2026, 11, 2, tzinfo=UTC)
    texts = {
        n: {"revision": n, "title": "A", "text": f"It was {n}. Nothing else.", "words": 5}
        for n in range(1, 20)
    }
    changes = [
        {"before": n, "after": n + 1, "seen_at": start + timedelta(hours=n), "note": None}
        for n in range(1, 19)
    ]
    found = told(changes, texts)
    assert [c["after"] for c in found] == list(range(19, 1, -1))
    assert [c["sentences_changed"] is None for c in found] == [
        n >= COMPARED_MAX for n in range(len(found))
    ]
    long = {n: text | {"words": WORDS_MAX + 1} for n, text in texts.items()}
    assert {c["sentences_changed"] for c in told(changes, long)} == {None}


def link(article_id: str, rank: int | None, *, box: bool) -> Link:
    measured = {
        "x": 1.0,
        "y": 2.0,
        "width": 3.0,
        "height": 4.0,
        "image_px2": 5.0,
        "above_fold": True,
    }
    return Link(
        position=rank or 9, rank=rank, article_id=article_id, url="https://outlet0.example/a",
        canonical_url="https://outlet0.example/a", headline=f"At {rank}",
        kind="story" if rank else "most-read", section=None, font_px=32.0, image=box, score=1.5,
        **(measured if box else dict.fromkeys(measured)),
    )  # fmt: skip


@pytest.fixture
def looked(filled, world):
    """Three looks at outlet 0: article 0 first, then third, then a look that failed."""
    with filled.transaction() as conn:
        for n, (rank, box) in enumerate(((1, True), (3, False), (None, None))):
            at = world.start + timedelta(hours=4 * n)
            page = FrontPage(
                snapshot_id=f"{n:032x}", publisher_id="outlet0", url="https://outlet0.example/",
                taken_at=at, slot=at, status="failed" if rank is None else "ok",
                code="timeout" if rank is None else None,
            )  # fmt: skip
            if rank is not None:
                page = replace(page, body_sha256="s", warc_file="a.warc.gz", warc_offset=n)
            front_pages.add(conn, page)
            if rank is not None:
                layout = Layout(
                    made_at=at, version="v", method="rendered" if box else "heuristic",
                    why=None if box else "no-browser", engine="e" if box else None, viewport_w=1440,
                    viewport_h=900, page_h=9.0 if box else None, sheets=0, sheets_gone=0, links=2,
                )  # fmt: skip
                links = [link(world.article_id(0), rank, box=box), link("f" * 32, None, box=box)]
                front_pages.add_layout(conn, page, layout, links)
    return filled


def test_front_pages_and_what_stood_on_them(own, looked, walk, world) -> None:
    rows = walk(own, "/v1/frontpages", 1)
    assert [r["status"] for r in rows] == ["failed", "ok", "ok"]
    assert [r["links"] for r in rows] == [None, 2, 2]
    assert rows == walk(own, "/v1/frontpages?sort=taken_at", 2)[::-1]
    for query, n in (("publisher=outlet0", 3), ("publisher=outlet1", 0), ("status=ok", 2),
                     ("taken_from=2026-11-02T12:00:00Z", 2), ("taken_to=2026-11-02T12:00:00Z", 1)):  # fmt: skip
        body = own.get(f"/v1/frontpages?count=true&{query}").json()
        assert len(body["data"]) == body["meta"]["total"] == n, query
    page = own.get(f"/v1/frontpages/{0:032x}").json()
    assert (page["method"], page["layout"], page["page_h"]) == ("rendered", 1, 9.0)
    first, second = page["placements"]
    assert (first["rank"], first["article_id"], first["stored"]) == (1, world.article_id(0), True)
    assert first["box"] == {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0}
    assert (second["rank"], second["kind"], second["stored"]) == (None, "most-read", False)
    guessed = own.get(f"/v1/frontpages/{1:032x}").json()
    assert (guessed["why"], guessed["placements"][0]["box"]) == ("no-browser", None)
    failed = own.get(f"/v1/frontpages/{2:032x}").json()
    assert (failed["code"], failed["placements"], failed["layout"]) == ("timeout", [], None)
    assert own.get("/v1/frontpages/nothing").status_code == 404


def test_the_front_pages_of_now_are_the_last_that_came(own, looked, world) -> None:
    (page,) = own.get("/v1/frontpages/latest").json()["data"]
    assert (page["publisher_id"], page["snapshot_id"]) == ("outlet0", f"{1:032x}")  # not the failed
    (lead,) = page["leads"]
    assert lead["rank"] == 3
    assert lead["story_id"] == world.event_id("harbour")
    assert (lead["article_id"], lead["stored"]) == (world.article_id(0), True)
    assert own.get("/v1/frontpages/latest?top=2").json()["data"][0]["leads"] == []
    assert own.get("/v1/frontpages/latest?publisher=outlet1").json()["data"] == []


def test_placements_of_an_article(own, looked, world) -> None:
    body = own.get(f"/v1/articles/{world.article_id(0)}/placements").json()
    (stay,) = body["data"]
    assert (stay["publisher_id"], stay["best_rank"], stay["hours_on_page"]) == ("outlet0", 1, 4.0)
    assert [h["text"] for h in stay["headlines"]] == ["At 1", "At 3"]
    # Named by a front page, never stored; stored, never on a front page; neither.
    assert len(own.get(f"/v1/articles/{'f' * 32}/placements").json()["data"]) == 1
    assert own.get(f"/v1/articles/{world.article_id(1)}/placements").json()["data"] == []
    assert own.get("/v1/articles/nothing/placements").status_code == 404


def test_prominence_weighs_by_the_best_place(own, looked, world) -> None:
    query = "metric=lean&by=publisher&publisher=outlet0&weights=prominence"
    (cell,) = own.get(f"/v1/trends?{query}").json()["data"]
    labelled = [i for i in range(30) if i % 4 == 0]
    assert (cell["n"], cell["n_unweighted"]) == (1, len(labelled) - 1)
    assert (cell["mean"], cell["n_effective"]) == (world.lean(0), 1.0)
    assert (cell["ci_low"], cell["ci_high"]) == (None, None)
    counted = own.get(f"/v1/trends?{query.replace('lean', 'articles')}").json()["data"]
    assert [(cell["n"], cell["weight"], cell["mean"]) for cell in counted] == [(1, 1.0, None)]
    before = (world.start - timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert own.get(f"/v1/trends?{query}&as_of={before}").json()["data"] == []
