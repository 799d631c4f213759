"""Articles over a real database: shapes, filters, pages, counts, one in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

ROW = {
    "article_id", "revision", "url", "title", "publisher_id", "publisher", "bylines",
    "published_at", "date_source", "language", "words", "section", "form", "wire_source", "duplicate_of",
    "duplicate_reason", "event_id", "story_id", "labels", "sentence_counts",
}  # fmt: skip
LABELLED = set(range(30)) - {5}


def found(client, query: str) -> set[str]:
    answer = client.get(f"/v1/articles?limit=200&count=true&{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["meta"]["total"] == len(body["data"])
    assert body["next_cursor"] is None
    return {row["article_id"] for row in body["data"]}


def test_a_row_has_its_shape_and_no_text(client, world) -> None:
    body = client.get("/v1/articles?limit=3").json()
    assert set(body) == {"data", "next_cursor", "meta"}
    assert (body["meta"]["limit"], body["meta"]["total"]) == (3, None)
    assert body["meta"]["run"]["labeller"] == "embedded"
    assert all(set(row) == ROW for row in body["data"])
    row = client.get(f"/v1/articles/{world.article_id(1)}").json()
    assert row["labels"] == {
        "lean": -4.0, "lean_confidence": 0.5, "headline_lean": 1.0, "headline_tone": None, "tone": -1.0,
        "tone_confidence": 0.5, "category": "Business and Economy", "topic": "Ferries",
        "topic_confidence": 0.5, "subtopic": None, "news_type": "news report", "news_type_confidence": 0.5,
    }  # fmt: skip
    assert (row["publisher_id"], row["url"]) == ("outlet1", world.url(1))
    assert row["published_at"] == "2026-11-02T08:00:00Z"


@pytest.mark.parametrize("sort", ["published_at", "-published_at"])
@pytest.mark.parametrize(
    ("filters", "limit"),
    [
        *(("", n) for n in (1, 7, 40, 200)),
        ("publisher=outlet1&publisher=outlet3", 3),
        ("labelled=true", 7),
    ],
)
def test_a_walk_meets_every_row_once_in_order(client, walk, world, sort, limit, filters) -> None:
    path = f"/v1/articles?sort={sort}&{filters}"
    rows = walk(client, path, limit)
    total = client.get(f"{path}&limit=1&count=true").json()["meta"]["total"]
    assert len(rows) == len({r["article_id"] for r in rows}) == total
    if not filters:
        assert total == world.count
    # Article 11 has no date and stands at the time it was first seen.
    times = [r["published_at"] or "2026-11-03T08:00:00Z" for r in rows]
    assert times == sorted(times, reverse=sort.startswith("-"))


def test_each_filter_finds_what_it_says(client, world) -> None:
    def of(*numbers: int) -> set[str]:
        return {world.article_id(i) for i in numbers}

    everything = range(world.count)
    assert found(client, "") == of(*everything)
    assert found(client, "publisher=outlet1") == of(*range(1, 40, 4))
    assert found(client, "publisher=outlet1&publisher=outlet2") == of(
        *[i for i in everything if i % 4 in {1, 2}]
    )
    assert found(client, "topic=Ferries") == of(*[i for i in LABELLED if i % 3 == 1])
    assert found(client, "category=Politics") == of(*[i for i in LABELLED if i % 3 == 0])
    assert found(client, "news_type=opinion") == of(*[i for i in LABELLED if i % 5 == 0])
    assert found(client, "language=de") == of(7)
    assert found(client, "q=delays") == of(*[i for i in everything if i % 2 and i != 3])
    assert found(client, 'q="opens ferry" -22&topic=Ferries') == of(
        *[i for i in LABELLED if i % 6 == 4 and i != 22]
    )
    assert found(client, f"event={world.event_id('one')}") == of(0, 1, 2)
    assert found(client, f"story={world.event_id('harbour')}") == of(0, 1, 2, *range(20, 25), 39)
    assert found(client, "lean_min=3") == of(*[i for i in LABELLED if world.lean(i) >= 3])
    assert found(client, "lean_min=-1&lean_max=1") == of(
        *[i for i in LABELLED if abs(world.lean(i)) <= 1]
    )
    assert found(client, "tone_min=-1&tone_max=-1") == of(*LABELLED)
    assert found(client, "tone_min=0") == set()
    assert found(client, "duplicates=exclude") == of(*[i for i in everything if i not in {8, 9}])
    assert found(client, "labelled=true") == of(*LABELLED)
    assert found(client, "labelled=false") == of(*[i for i in everything if i not in LABELLED])
    assert found(client, "published_from=2026-11-03&published_to=2026-11-03") == of(*range(10, 20))
    assert found(
        client, "published_from=2026-11-02T20:00:00Z&published_to=2026-11-03T08:00:00Z"
    ) == of(*range(5, 10))
    assert found(
        client, "published_from=2026-11-02T21:00:00%2B01:00&published_to=2026-11-02"
    ) == of(*range(5, 10))


def test_labels_of_an_old_text_or_another_labeller_are_not_shown(client, world) -> None:
    for i in (5, 31, 35):
        assert client.get(f"/v1/articles/{world.article_id(i)}").json()["labels"] is None


def test_one_article_in_full(client, world) -> None:
    answer = client.get(f"/v1/articles/{world.article_id(5)}")
    body = answer.json()
    assert set(body) == ROW | {
        "modified_at", "content_sha256", "provenance", "revisions", "event", "work", "run", "annotations", "quotes", "text",
    }  # fmt: skip
    assert [r["revision"] for r in body["revisions"]] == [2, 1]
    assert [r["superseded_at"] is None for r in body["revisions"]] == [True, False]
    assert (body["revision"], body["annotations"], body["event"]) == (2, [], None)
    assert body["provenance"]["final_url"] == world.url(5) + "?seen"
    assert (body["provenance"]["warc_file"], body["provenance"]["warc_offset"]) == ("a.warc.gz", 5)
    states = {
        client.get(f"/v1/articles/{world.article_id(i)}").json()["work"][0]["state"]
        for i in range(10)
    }
    assert "due" in states
    event = client.get(f"/v1/articles/{world.article_id(1)}").json()["event"]
    assert event == {"event_id": world.event_id("one"), "title": "Council opens ferry 0"}


def test_quarantine_shows_its_code(client, world) -> None:
    work = [
        client.get(f"/v1/articles/{world.article_id(i)}").json()["work"] for i in range(world.count)
    ]
    codes = [w["error_code"] for rows in work for w in rows if w["state"] == "quarantined"]
    assert codes == ["bad-model"]


def test_evidence_is_quoted_at_most_25_words_and_the_text_is_nowhere(client, world) -> None:
    answer = client.get(f"/v1/articles/{world.article_id(1)}")
    quotes = answer.json()["quotes"]
    assert [(q["sentence"], q["cut"]) for q in quotes] == [(0, False), (1, True)]
    assert quotes[0]["quote"] == "One short sentence."
    assert len(quotes[1]["quote"].split()) == 25
    for path in ("/v1/articles", f"/v1/articles/{world.article_id(1)}", f"/v1/articles/{world.article_id(1)}/annotations",
                 f"/v1/events/{world.event_id('one')}"):  # fmt: skip
        assert "word25" not in client.get(path).text


def test_annotations_say_how_they_were_made(client, world) -> None:
    body = client.get(f"/v1/articles/{world.article_id(1)}/annotations").json()
    assert (body["next_cursor"], body["meta"]["total"]) == (None, len(body["data"]) == 6 and 6)
    row = next(r for r in body["data"] if (r["stage"], r["scope"]) == ("lean", "article"))
    assert row["distribution"] == {"left": 0.25, "right": 0.75}
    assert (row["labeller"], row["codebook_version"], row["scale"]) == ("embedded", "v1", "mapped3")
    assert row["current"] is True
    assert row["validated"] is True
    assert row["made_at"].endswith("Z")
    assert row["evidence"] == [0, 1, 99]


def test_annotations_of_an_old_text_are_kept_and_told_apart(client, world) -> None:
    path = f"/v1/articles/{world.article_id(5)}/annotations"
    assert len(client.get(path).json()["data"]) == 6
    assert client.get(f"{path}?current=true").json()["data"] == []
    assert len(client.get(f"{path}?current=false").json()["data"]) == 6
    unlabelled = f"/v1/articles/{world.article_id(39)}/annotations"
    assert client.get(unlabelled).json()["data"] == []


def test_a_cursor_holds_only_for_its_own_list(client) -> None:
    cursor = client.get("/v1/articles?limit=2").json()["next_cursor"]
    assert client.get(f"/v1/articles?limit=5&count=true&cursor={cursor}").status_code == 200
    for path in (
        "/v1/articles?publisher=outlet1",
        "/v1/articles?sort=published_at",
        "/v1/events?",
        "/v1/refusals?",
    ):
        answer = client.get(f"{path}&cursor={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")


def test_the_list_may_grow_at_its_head_while_it_is_walked(own, filled, world) -> None:
    first = own.get("/v1/articles?limit=10").json()
    with filled.transaction() as conn:
        conn.execute(
            "UPDATE articles SET published_at = %s WHERE article_id = %s",
            (world.start + timedelta(days=30), first["data"][0]["article_id"]),
        )
    rest = own.get(f"/v1/articles?limit=200&cursor={first['next_cursor']}").json()
    seen = [r["article_id"] for r in first["data"] + rest["data"]]
    assert len(seen) == len(set(seen)) == world.count


@pytest.fixture
def cut(own, filled, world):
    """Article 1 with types for its first two sentences and one beyond its end, tones for none."""
    from newsroom.records import Scope, Stage
    from newsroom.store import annotations

    run = world.run("embedded")
    [base, *_] = world.labels(1, run)
    said = {0: "fact", 1: "quote", 99: "fact"}
    with filled.transaction() as conn:
        annotations.add(conn, [
            replace(base, stage=Stage.SENTENCE_TYPE, scope=Scope.SENTENCE, sentence=number, label=label,
                    score=None, scale=None, distribution=None, evidence=())
            for number, label in said.items()
        ])  # fmt: skip
    return own


def test_sentences_have_numbers_places_and_labels_but_no_words_of_their_own(cut, world) -> None:
    answer = cut.get(f"/v1/articles/{world.article_id(1)}/sentences")
    rows = answer.json()["data"]
    assert world.text[rows[0]["start"] : rows[0]["end"]] == "One short sentence."
    assert [r["type"] and r["type"]["label"] for r in rows] == ["fact", "quote", None]
    assert all(r["tone"] is None and r["focus"] is None for r in rows)
    # Lean rests on sentences 0 and 1, for the body and the headline; the rest is not quoted.
    assert [r["quote"] is None for r in rows] == [False, False, True]
    assert [len(r["evidence_of"]) for r in rows] == [2, 2, 0]
    assert (rows[1]["cut"], len(rows[1]["quote"].split())) == (True, 25)
    assert "word25" not in answer.text
    unread = cut.get(f"/v1/articles/{world.article_id(39)}/sentences").json()["data"]
    assert len(unread) == 3
    assert all(r["type"] is None and r["quote"] is None for r in unread)
    assert cut.get("/v1/articles/nothing/sentences").status_code == 404


def test_sentences_are_counted_and_what_nobody_asked_is_null(cut, world) -> None:
    row = cut.get(f"/v1/articles/{world.article_id(1)}").json()
    counts = row["sentence_counts"]
    assert len(counts) == 12
    assert {k: v for k, v in counts.items() if v is not None} == {
        "sent_type_fac": 2, "sent_type_opn": 0, "sent_type_quo": 1, "sent_type_bor": 0, "sent_type_oth": 0,
    }  # fmt: skip
    assert {a["scope"] for a in row["annotations"]} == {"article", "headline"}
    listed = {r["article_id"]: r for r in cut.get("/v1/articles?limit=200").json()["data"]}
    assert listed[world.article_id(1)]["sentence_counts"] == counts
    assert listed[world.article_id(2)]["sentence_counts"] is None
    path = f"/v1/articles/{world.article_id(1)}/annotations"
    assert [len(cut.get(path + q).json()["data"]) for q in ("", "?sentences=true")] == [6, 9]


def test_only_a_key_with_the_scope_is_given_the_text(own, filled, world) -> None:
    from newsroom.keys import Scope
    from newsroom.store import keys

    path = f"/v1/articles/{world.article_id(1)}"
    with filled.transaction() as conn:
        bearers = {
            scope: {
                "Authorization": "Bearer "
                + keys.add(conn, "ada", [scope], note="test", expires_at=None)
            }
            for scope in (Scope.TEXT_READ, Scope.DISPUTE)
        }
    for headers, status, code in (
        ({}, 401, "key-missing"),
        (bearers[Scope.DISPUTE], 403, "scope-missing"),
    ):
        answer = own.get(f"{path}?text=true", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert "word25" not in answer.text
    allowed = bearers[Scope.TEXT_READ]
    given = own.get(f"{path}?text=true", headers=allowed)
    assert given.json()["text"] == world.text
    assert given.headers["cache-control"] == "private, no-cache"
    unasked = own.get(path, headers=allowed)
    assert unasked.json()["text"] is None
    assert "word25" not in unasked.text
    assert (
        own.get(f"{path}?text=true", headers={"If-None-Match": given.headers["etag"]}).status_code
        == 401
    )
