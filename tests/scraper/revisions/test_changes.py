"""What is seen of one article over time, in any order and by any number of readers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

from newsroom.records import Via

A = "The council voted on Monday. The bridge will close in June."
B = "The council voted on Tuesday. The bridge will close in June."
C = "The council voted on Tuesday. The bridge will close in May."

CURRENT = "SELECT revision, text FROM articles WHERE superseded_at IS NULL"
CHANGES = "SELECT before, after, kind, seen_at, not_after FROM changes ORDER BY seen_at"
DUE = "SELECT DISTINCT content_sha256 = (SELECT content_sha256 FROM articles WHERE superseded_at IS NULL) AS current, state FROM work"


def test_a_silent_edit_is_a_revision_with_its_time(see: Any, rows: Any, hour: Any) -> None:
    see(A, at=0)
    see(A, at=1)
    assert see(B, at=2).stored == {"revised": 1}
    assert rows(CHANGES) == [
        {"before": 1, "after": 2, "kind": "silent-edit", "seen_at": hour(2), "not_after": hour(1)}
    ]
    assert rows(CURRENT) == [{"revision": 2, "text": B}]
    assert rows("SELECT superseded_at FROM articles WHERE revision = 1") == [
        {"superseded_at": hour(2)}
    ]
    assert rows(DUE) == [{"current": True, "state": "due"}]
    assert rows("SELECT checks, changed, unchanged FROM revisits") == [
        {"checks": 2, "changed": 1, "unchanged": 1}
    ]


def test_a_revert_is_seen_and_labels_nothing_again(see: Any, rows: Any) -> None:
    see(A, at=0)
    see(B, at=1)
    rows(
        "INSERT INTO codebooks VALUES ('v', 'd', '{}'); "
        "INSERT INTO runs (run_id, labeller, labeller_revision, codebook_version,"
        " codebook_digest, code_version, started_at) VALUES ('r', 'l', '1', 'v', 'd', '1', now()); "
        "INSERT INTO run_outcomes SELECT 'r', article_id, content_sha256, NULL, NULL, now() FROM articles; "
        "UPDATE work SET state = 'done'"
    )
    found = see(A, at=2)
    assert (found.stored, found.fresh) == ({"reverted": 1}, 0)
    assert rows(CURRENT) == [{"revision": 1, "text": A}]
    assert [(r["before"], r["after"], r["kind"]) for r in rows(CHANGES)] == [
        (1, 2, "silent-edit"),
        (2, 1, "reverted"),
    ]
    assert rows("SELECT DISTINCT state FROM work") == [{"state": "done"}]
    assert see(B, at=3).stored == {"reverted": 1}
    assert rows(CURRENT) == [{"revision": 2, "text": B}]


def test_a_revert_to_a_text_that_nobody_labelled_makes_it_due(see: Any, rows: Any) -> None:
    see(A, at=0)
    see(B, at=1)
    see(A, at=2)
    assert rows(DUE) == [{"current": True, "state": "due"}]


def test_the_order_in_which_looks_come_in_does_not_matter(see: Any, rows: Any, hour: Any) -> None:
    """An archive that is read after the crawl: the same history in the end."""
    seen = {}
    orders = [*permutations([(A, 0), (B, 1), (A, 2), (C, 3)])]
    for place, order in enumerate(orders[::3]):
        for text, at in order:
            see(text, at=at, name=f"n{place}")
        seen[place] = rows(
            "SELECT b.text AS before, a.text AS after, c.kind, c.seen_at, c.not_after"
            "  FROM changes c JOIN articles a ON (a.article_id, a.revision) = (c.article_id, c.after)"
            "  JOIN articles b ON (b.article_id, b.revision) = (c.article_id, c.before)"
            f" WHERE a.url LIKE '%/n{place}' ORDER BY c.seen_at"
        ) + rows(
            "SELECT text, superseded_at FROM articles"
            f" WHERE url LIKE '%/n{place}' ORDER BY superseded_at"
        )
    assert all(found == seen[0] for found in seen.values())
    assert [r.get("kind") for r in seen[0]][:3] == ["silent-edit", "reverted", "silent-edit"]
    assert seen[0][-1] == {"text": C, "superseded_at": None}


def test_an_old_copy_that_comes_late_undoes_nothing(see: Any, rows: Any) -> None:
    see(B, at=5)
    late = see(A, at=1)
    assert (late.stored, late.fresh) == ({"earlier": 1}, 0)
    assert rows(CURRENT) == [{"revision": 1, "text": B}]
    assert rows(DUE) == [{"current": True, "state": "due"}]
    assert [(r["before"], r["after"]) for r in rows(CHANGES)] == [(2, 1)]


def test_a_cache_that_serves_an_old_copy_is_no_revert(see: Any, rows: Any, hour: Any) -> None:
    see(A, at=0, modified_at=hour(0))
    see(B, at=2, modified_at=hour(1.5))
    assert see(A, at=3, modified_at=hour(0)).stored == {"stale": 1}
    assert see(C, at=4, modified_at=hour(0.5)).stored == {"stale": 1}  # never seen, as old
    assert rows(CURRENT) == [{"revision": 2, "text": B}]
    assert len(rows(CHANGES)) == 1
    assert see(A, at=5, modified_at=hour(4.5)).stored == {"reverted": 1}


def test_another_address_of_the_article_is_no_edit(see: Any, rows: Any) -> None:
    see(A, at=0)
    assert see(B, at=1, url="https://ledger.example/amp-of-bridge").stored == {"twin": 1}
    assert rows(CURRENT) == [{"revision": 1, "text": A}]
    assert rows("SELECT finding FROM sightings ORDER BY seen_at") == [
        {"finding": "shown"},
        {"finding": "twin"},
    ]
    see(B, at=2, name="tram", url="https://ledger.example/amp-of-tram")
    see(C, at=3, name="tram")
    assert [r["kind"] for r in rows(CHANGES)] == ["other-address"]


def test_cosmetics_make_no_revision(see: Any, rows: Any) -> None:
    see("“Close it,” she said. It will close.", at=0)
    assert see('"Close it," she said.\nIt will close.', at=1).stored == {"unchanged": 1}
    assert rows("SELECT count(*) AS n, max(revision) AS last FROM articles") == [
        {"n": 1, "last": 1}
    ]
    assert rows("SELECT count(*) AS n FROM sightings") == [{"n": 2}]


def test_the_same_bytes_read_by_a_new_extractor_are_no_edit(see: Any, rows: Any) -> None:
    see(A, at=0, body="bytes")
    see(A, at=1, body="other bytes")
    again = see(f"{A} And a line that was missed.", at=1, body="other bytes", extractor="next")
    assert again.stored == {"revised": 1}  # readers get the better text, labelled anew
    see(f"{A} And a line that was missed.", at=0, body="bytes", extractor="next")
    assert rows(CHANGES) == []
    assert [r["revision"] for r in rows(CURRENT)] == [2]
    assert rows("SELECT count(*) AS n FROM sightings") == [{"n": 2}]


def test_ten_deliveries_in_any_order_add_nothing_after_the_first(
    see: Any, rows: Any, snapshot: Any
) -> None:
    """House rule R7, for the same pages: feeds ask for no page twice (tests/scraper)."""
    import random

    seen = [(text, at, name) for name in "ab" for text, at in ((A, 0), (B, 1), (A, 2))]

    def everything() -> Any:
        return snapshot(), rows("SELECT * FROM sightings ORDER BY 1, 2"), rows(
            "SELECT * FROM changes ORDER BY 1, 2"
        )  # fmt: skip

    for text, at, name in seen:
        see(f"{text} In {name}.", at=at, name=name)
    first = everything()
    for turn in range(10):
        for text, at, name in random.Random(turn).sample(seen, len(seen)):
            assert see(f"{text} In {name}.", at=at, name=name).fresh == 0
    assert everything() == first


def test_an_imported_file_read_twice_is_no_second_look(see: Any, rows: Any) -> None:
    see(A, at=0, via=Via.IMPORT, page_id=None)
    assert see(A, at=9, via=Via.IMPORT, page_id=None).stored == {"unchanged": 1}
    assert rows("SELECT count(*) AS n FROM sightings") == [{"n": 1}]
    assert rows("SELECT count(*) AS n FROM revisits") == [{"n": 0}]


def test_two_readers_of_an_edit_store_it_once(see: Any, rows: Any) -> None:
    see(A, at=0)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: see(B, at=1 + n / 100), range(8)))
    assert sorted(next(iter(f.stored)) for f in found) == ["revised", *["unchanged"] * 7]
    assert len(rows(CHANGES)) == 1
    assert rows("SELECT count(*) AS n FROM sightings") == [{"n": 9}]


def test_labels_of_the_old_text_stay_and_the_stage_is_due_once(see: Any, rows: Any) -> None:
    """House rule R8; superseding the labels is tested with the runs."""
    see(A, at=0)
    rows("UPDATE work SET state = 'done', attempts = 2")
    see(B, at=1)
    see(B, at=2)
    assert rows("SELECT stage, state, attempts FROM work ORDER BY stage") == [
        {"stage": "label", "state": "due", "attempts": 0},
        {"stage": "remember", "state": "due", "attempts": 0},
    ]
