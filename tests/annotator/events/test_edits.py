"""The ledger in a real database: edits, undoing, retired ids, as-of reads, two writers at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

import psycopg
import pytest
from eventroom import (
    DAY,
    article,
    event_of,
    events_of,
    fill,
    latest,
    places,
    regroup,
    sound,
    stories_of,
    story_of,
    titles,
)  # fmt: skip

from annotator.events import edits, showing, undoing
from annotator.events.joining import join
from newsroom import migrate
from newsroom.db import Conn, Database
from newsroom.errors import BadRequest, Conflict, Later, NotFound
from newsroom.store import articles, events
from newsroom.store.reading import events as reading
from newsroom.store.reading import lineage


def test_a_split_makes_an_event_that_the_grouping_keeps(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:5], ids[5:8]], ids)
    event = event_of(conn, ids[0])
    done = edits.split(conn, event, ids[3:5], by="ida", reason="another quake")
    sound(conn)
    assert events_of(conn) == [ids[:3], ids[3:5], ids[5:8]]
    assert (done.from_ids, done.to_ids, done.articles) == (
        (event,), (event_of(conn, ids[3]),), tuple(ids[3:5]),
    )  # fmt: skip
    kept = regroup(conn, [ids[:5], ids[5:8]], ids)
    assert kept.contradictions == 1
    assert events_of(conn) == [ids[:3], ids[3:5], ids[5:8]]
    (entry,) = [e for e in showing.log(conn, event, rows=9) if e["kind"] == "split"]
    assert (entry["actor"], entry["reason"]) == ("human:ida", "another quake")
    assert entry["against_joined"] == ids[:3]
    assert regroup(conn, [ids[:3], ids[3:5], ids[5:8]], ids).contradictions == 0
    assert showing.log(conn, event, rows=9)[-1]["against_joined"] is None
    sound(conn)


def test_a_merge_keeps_the_first_id_and_the_others_lead_to_it(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:2], ids[2:5], ids[5:8]], ids)
    one, two, three = (event_of(conn, ids[n]) for n in (0, 2, 5))
    edits.merge(conn, [one, two], by="ida")
    assert events_of(conn) == [ids[:5], ids[5:8]]
    found = lineage.whereabouts(conn, two)
    assert (found.state, found.into) == ("retired", (one,))
    edits.merge(conn, [three, one], by="ida")
    assert lineage.whereabouts(conn, two).into == (three,)
    with pytest.raises(Conflict, match=three):
        edits.rename(conn, two, "Late", by="ida")
    regroup(conn, [ids[:2], ids[2:5], ids[5:8]], ids)
    assert set(titles(conn)) == {three}
    sound(conn)


def test_a_title_of_a_person_outlives_groupings_and_merges(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3], ids[3:5]], ids)
    large, small = event_of(conn, ids[0]), event_of(conn, ids[3])
    own = titles(conn)[small]
    entry = edits.rename(conn, small, "  The   vote ", by="ida").entry_id
    assert titles(conn)[small] == "The vote"
    regroup(conn, [ids[:3], ids[3:6]], ids)
    assert titles(conn)[small] == "The vote"
    merged = edits.merge(conn, [large, small], by="tom").entry_id
    assert titles(conn) == {large: "The vote"}
    regroup(conn, [ids[:3], ids[3:6]], ids)
    assert titles(conn) == {large: "The vote"}
    undoing.undo(conn, merged, by="tom")
    assert titles(conn)[small] == "The vote"
    assert titles(conn)[large] != "The vote"
    undoing.undo(conn, entry, by="ida")
    assert titles(conn)[small] == own
    story = places(conn)[ids[0]][1]
    edits.rename(conn, story, "The session", by="ida")
    regroup(conn, [ids[:3], ids[3:6]], ids)
    row = reading.story(conn, story)
    assert row is not None
    assert (row["title"], row["title_by"]) == ("The session", "human:ida")
    sound(conn)


def test_a_title_goes_back_with_the_event_it_was_given_to(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:4], ids[4:7], ids[7:9]], ids)
    one, two, three = (event_of(conn, ids[n]) for n in (0, 4, 7))
    before = titles(conn)
    edits.rename(conn, two, "The vote", by="ida")
    first = edits.merge(conn, [one, two], by="ida").entry_id
    second = edits.merge(conn, [three, one], by="ida").entry_id
    assert titles(conn) == {three: "The vote"}
    undoing.undo(conn, second, by="ida")
    assert titles(conn) == {one: "The vote", three: before[three]}
    undoing.undo(conn, first, by="ida")
    assert titles(conn) == before | {two: "The vote"}


def test_undoing_can_be_undone(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:5]], ids)
    event = event_of(conn, ids[0])
    apart = edits.split(conn, event, ids[3:5], by="ida")
    before = places(conn)
    back = undoing.undo(conn, apart.entry_id, by="tom")
    assert events_of(conn) == [ids[:5]]
    with pytest.raises(Conflict, match="undone already"):
        undoing.undo(conn, apart.entry_id, by="tom")
    undoing.undo(conn, back.entry_id, by="ida")
    assert places(conn) == before
    regroup(conn, [ids[:5]], ids)
    assert places(conn) == before
    undoing.undo(conn, apart.entry_id, by="ida")
    assert events_of(conn) == [ids[:5]]
    sound(conn)


def test_what_a_person_built_on_is_undone_last(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3], ids[3:6]], ids)
    one, two = event_of(conn, ids[0]), event_of(conn, ids[3])
    merged = edits.merge(conn, [one, two], by="ida").entry_id
    apart = edits.split(conn, one, [ids[0], ids[3]], by="tom").entry_id
    with pytest.raises(Conflict, match=f"undo entry {apart} first"):
        undoing.undo(conn, merged, by="ida")
    undoing.undo(conn, apart, by="tom")
    undoing.undo(conn, merged, by="ida")
    assert events_of(conn) == [ids[:3], ids[3:6]]
    assert (event_of(conn, ids[0]), event_of(conn, ids[3])) == (one, two)
    sound(conn)


def test_what_a_person_ended_is_brought_back_first(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3], ids[3:6]], ids)
    one, two = event_of(conn, ids[0]), event_of(conn, ids[3])
    apart = edits.split(conn, two, ids[5:6], by="ida").entry_id
    merged = edits.merge(conn, [one, two], by="tom").entry_id
    with pytest.raises(Conflict, match=f"undo entry {merged} first"):
        undoing.undo(conn, apart, by="ida")
    undoing.undo(conn, merged, by="tom")
    undoing.undo(conn, apart, by="ida")
    assert events_of(conn) == [ids[:3], ids[3:6]]


def test_what_a_grouping_ended_is_undone_into_what_it_became(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:5], ids[5:8]], ids)
    one, two = event_of(conn, ids[0]), event_of(conn, ids[5])
    apart = edits.split(conn, two, ids[7:8], by="ida").entry_id
    regroup(conn, [ids[:7]], ids)
    assert lineage.whereabouts(conn, two).into == (one,)
    undoing.undo(conn, apart, by="ida")
    assert events_of(conn) == [ids[:8]]
    sound(conn)


def test_what_a_grouping_did_and_a_person_undid_is_not_done_again(
    conn: Conn, ids: list[str]
) -> None:
    regroup(conn, [ids[:3], ids[3:5]], ids)
    one, two = event_of(conn, ids[0]), event_of(conn, ids[3])
    regroup(conn, [ids[:5]], ids)
    (merged,) = [e for e in showing.log(conn, two, rows=9) if e["kind"] == "merged"]
    undoing.undo(conn, merged["entry_id"], by="ida")
    assert events_of(conn) == [ids[:3], ids[3:5]]
    assert event_of(conn, ids[3]) == two
    regroup(conn, [ids[:5]], ids)
    assert events_of(conn) == [ids[:3], ids[3:5]]
    regroup(conn, [ids[:1], ids[1:3], ids[3:5]], ids)
    (parted,) = [e for e in showing.log(conn, one, rows=9) if e["kind"] == "left"]
    with pytest.raises(BadRequest, match="cannot be undone"):
        undoing.undo(conn, parted["entry_id"], by="ida")
    sound(conn)


def test_a_story_is_split_by_events_and_groupings_keep_to_it(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3], ids[3:6], ids[6:8]], ids)
    one, two, story = event_of(conn, ids[0]), event_of(conn, ids[3]), story_of(conn, ids[0])
    done = edits.split(conn, story, [two, ids[8]], by="ida", reason="another bill")
    sound(conn)
    apart = sorted([*ids[3:6], ids[8]])
    assert stories_of(conn) == sorted([apart, sorted({*ids} - {*apart})])
    assert (done.from_ids, done.to_ids) == ((story,), (story_of(conn, ids[8]),))
    before = places(conn)
    # The grouping sees one story, and an article of the one in an event of the other.
    kept = regroup(conn, [ids[:4], ids[4:6], ids[6:8]], ids)
    assert kept.contradictions == 1
    assert {a: s for a, (_, s) in places(conn).items()} == {a: s for a, (_, s) in before.items()}
    assert event_of(conn, ids[0]) == one
    (entry,) = [e for e in showing.log(conn, story, rows=9) if e["kind"] == "split"]
    assert (entry["level"], entry["actor"], entry["reason"]) == (
        "story",
        "human:ida",
        "another bill",
    )
    assert entry["against_joined"] == [*ids[:3], *ids[6:8]]
    sound(conn)
    undoing.undo(conn, done.entry_id, by="tom")
    assert stories_of(conn) == [ids]
    assert lineage.whereabouts(conn, done.to_ids[0]).into == (story,)
    sound(conn)


def test_a_merge_of_stories_holds_and_what_was_built_on_it_is_undone_first(
    conn: Conn, ids: list[str]
) -> None:
    halves = [ids[:5], ids[5:]]
    regroup(conn, [ids[:3], ids[3:5], ids[5:9]], ids, halves)
    one, two = story_of(conn, ids[0]), story_of(conn, ids[5])
    entry = edits.rename(conn, two, "The ferry bill", by="ida").entry_id
    merged = edits.merge(conn, [one, two], by="ida")
    assert stories_of(conn) == [ids]
    assert reading.story(conn, one)["title"] == "The ferry bill"
    regroup(conn, [ids[:3], ids[3:5], ids[5:9]], ids, halves)
    assert stories_of(conn) == [ids]
    with pytest.raises(Conflict, match=one):
        edits.split(conn, two, [event_of(conn, ids[5])], by="tom")
    both = edits.merge(conn, [event_of(conn, ids[0]), event_of(conn, ids[5])], by="tom").entry_id
    apart = edits.split(conn, one, [event_of(conn, ids[0])], by="tom").entry_id
    with pytest.raises(Conflict, match=f"undo entry {apart} first"):
        undoing.undo(conn, merged.entry_id, by="ida")
    undoing.undo(conn, apart, by="tom")
    undoing.undo(conn, both, by="tom")
    undoing.undo(conn, merged.entry_id, by="ida")
    assert stories_of(conn) == halves
    assert (story_of(conn, ids[0]), story_of(conn, ids[5])) == (one, two)
    assert reading.story(conn, two)["title"] == "The ferry bill"
    undoing.undo(conn, entry, by="ida")
    assert reading.story(conn, two)["title"] != "The ferry bill"
    sound(conn)


def test_a_story_that_a_grouping_merged_can_be_parted_for_good(conn: Conn, ids: list[str]) -> None:
    events, halves = [ids[:3], ids[3:5], ids[5:9]], [ids[:5], ids[5:]]
    regroup(conn, events, ids, halves)
    two = story_of(conn, ids[0])
    regroup(conn, events, ids)
    assert stories_of(conn) == [ids]
    (merged,) = [
        e for e in showing.log(conn, two, rows=9) if (e["level"], e["kind"]) == ("story", "merged")
    ]
    undoing.undo(conn, merged["entry_id"], by="ida")
    regroup(conn, events, ids)
    assert stories_of(conn) == halves
    sound(conn)


def test_single_articles_and_what_is_left_of_two(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:2]], ids)
    event = event_of(conn, ids[0])
    done = edits.split(conn, event, ids[:1], by="ida")
    assert (events_of(conn), done.to_ids) == ([], ())
    found = lineage.whereabouts(conn, event)
    assert (found.state, found.into) == ("retired", ())
    regroup(conn, [ids[:2]], ids)
    assert events_of(conn) == []
    undoing.undo(conn, done.entry_id, by="ida")
    assert event_of(conn, ids[0]) == event
    sound(conn)


REFUSED = [
    (lambda c, e, a: edits.merge(c, [e, e], by="x"), BadRequest, "merge-with-itself"),
    (lambda c, e, a: edits.merge(c, [e], by="x"), BadRequest, "merge-alone"),
    (lambda c, e, a: edits.merge(c, [e, "f" * 32], by="x"), NotFound, "event-unknown"),
    (lambda c, e, a: edits.split(c, e, [], by="x"), BadRequest, "split-whole"),
    (lambda c, e, a: edits.split(c, e, a[:3], by="x"), BadRequest, "split-whole"),
    (lambda c, e, a: edits.split(c, e, [a[0], a[7]], by="x"), BadRequest, "not-a-member"),
    (lambda c, e, a: edits.split(c, story_of(c, a[0]), a[:1], by="x"), BadRequest, "event-parted"),
    (lambda c, e, a: edits.split(c, story_of(c, a[0]), [], by="x"), BadRequest, "split-whole"),
    (lambda c, e, a: edits.split(c, story_of(c, a[0]), [e, *a], by="x"), BadRequest, "split-whole"),
    (
        lambda c, e, a: edits.split(c, story_of(c, a[0]), ["0" * 32], by="x"),
        BadRequest,
        "not-a-member",
    ),
    (
        lambda c, e, a: edits.merge(c, [story_of(c, a[0])] * 2, by="x"),
        BadRequest,
        "merge-with-itself",
    ),
    (lambda c, e, a: edits.merge(c, [e, story_of(c, a[0])], by="x"), BadRequest, "two-levels"),
    (lambda c, e, a: edits.rename(c, e, " ", by="x"), BadRequest, "bad-title"),
    (lambda c, e, a: undoing.undo(c, 10**6, by="x"), NotFound, "entry-unknown"),
    (lambda c, e, a: undoing.undo(c, _created(c), by="x"), BadRequest, "not-undoable"),
    (lambda c, e, a: showing.event(c, "f" * 32), NotFound, "event-unknown"),
]


def test_what_cannot_be_is_refused(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3]], ids)
    before = latest(conn)
    for act, error, code in REFUSED:
        with pytest.raises(error) as caught:
            act(conn, event_of(conn, ids[0]), ids)
        assert caught.value.code == code
    assert latest(conn) == before


def _created(conn: Conn) -> int:
    return _number(conn, "SELECT min(entry_id) AS n FROM lineage WHERE kind = 'created'")


def test_every_step_can_be_read_as_it_was(conn: Conn, ids: list[str]) -> None:
    steps: list[tuple[datetime, dict[str, list[str]], dict[str, str]]] = []

    def note() -> None:
        row = conn.execute("SELECT at FROM ledger_versions ORDER BY version DESC LIMIT 1")
        found: dict[str, list[str]] = {}
        for one, (event, _) in places(conn).items():
            if event is not None:
                found.setdefault(event, []).append(one)
        at = row.fetchone()
        assert at is not None
        steps.append((at["at"], found, titles(conn)))

    regroup(conn, [ids[:4], ids[4:7]], ids)
    note()
    one, two = event_of(conn, ids[0]), event_of(conn, ids[4])
    edits.rename(conn, one, "The first", by="ida")
    note()
    edits.split(conn, one, ids[2:4], by="ida")
    note()
    edits.merge(conn, [two, one], by="tom")
    note()
    regroup(conn, [ids[:4], ids[4:9]], ids)
    note()
    edits.split(conn, two, ids[:2], by="tom")
    note()
    born: set[str] = set()
    for at, found, had in steps:
        born |= set(found)
        for event in {event for _, told, _ in steps for event in told}:
            if event not in born:
                with pytest.raises(NotFound, match="was not there"):
                    showing.event(conn, event, at)
                continue
            seen = showing.event(conn, event, at)
            assert sorted(m["article_id"] for m in seen["members"]) == found.get(event, [])
            assert seen["title"] == had.get(event, seen["title"])
    with pytest.raises(NotFound, match="was not there"):
        showing.event(conn, one, DAY)


def test_events_close_when_nothing_new_comes_and_open_again(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3]], ids)
    event = event_of(conn, ids[0])
    last_at = events.stored(conn, "event", [event])[event].last_at
    late = article(20, DAY + timedelta(days=4))
    articles.add(conn, late, stages=[])
    regroup(conn, [], [late.article_id])
    closed = reading.one(conn, event)
    assert closed is not None
    assert closed["closed_at"] == last_at + timedelta(days=3)
    assert reading.ledger_list(conn, only_open=True, since=None, min_articles=2, rows=9) == []
    regroup(conn, [[*ids[:3], late.article_id]], [*ids, late.article_id])
    kinds = [e["kind"] for e in lineage.of_group(conn, event)]
    assert sorted(kinds[:2]) == ["joined", "reopened"]
    assert kinds[2:] == ["closed", "created"]
    sound(conn)


def test_a_date_in_the_future_does_not_move_the_clock_beyond_now(
    conn: Conn, ids: list[str]
) -> None:
    future = article(21, datetime(2999, 1, 1, tzinfo=UTC))
    articles.add(conn, future, stages=[])
    regroup(conn, [ids[:3], [ids[4], future.article_id]], [*ids, future.article_id])
    row = reading.one(conn, event_of(conn, future.article_id))
    assert row is not None
    assert row["closed_at"] is None
    assert reading.one(conn, event_of(conn, ids[0]))["closed_at"] is not None
    before = latest(conn)
    regroup(conn, [ids[:3], [ids[4], future.article_id]], [*ids, future.article_id])
    assert latest(conn) == before


def test_an_article_joins_as_it_comes_in(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:2], ids[2:4], ids[4:6]], ids[:6])
    one, two, three = (event_of(conn, ids[n]) for n in (0, 2, 4))
    edits.merge(conn, [one, two], by="ida")
    version = join(conn, ids[6], two, score=0.8, method="test", role="attached")
    assert event_of(conn, ids[6]) == one  # the retired id leads on
    assert join(conn, ids[6], one, score=0.8, method="test") is None
    assert version == latest(conn)
    sound(conn)
    assert [e["kind"] for e in lineage.of_group(conn, one, rows=1)] == ["joined"]
    for again, code in ((ids[6], "placed-already"), (ids[0], "edited")):
        with pytest.raises(Conflict) as caught:
            join(conn, again, three, score=0.1, method="test")
        assert caught.value.code == code
    with pytest.raises(NotFound):
        join(conn, ids[7], "f" * 32, score=0.1, method="test")
    kept = regroup(conn, [ids[:4] + ids[6:7], ids[4:6]], ids)
    assert kept.places[ids[6]].event_id == one
    sound(conn)


def test_lineage_is_read_in_pages(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3]], ids)
    event = event_of(conn, ids[0])
    own = titles(conn)[event]
    for n in range(4):
        edits.rename(conn, event, f"Title {n}", by="ida")
    first = lineage.of_group(conn, event, rows=3)
    rest = lineage.of_group(conn, event, rows=3, before=first[-1]["entry_id"])
    told = [e["title"] for e in [*first, *rest]]
    assert told == ["Title 3", "Title 2", "Title 1", "Title 0", own]


def test_lineage_only_grows(conn: Conn, ids: list[str]) -> None:
    regroup(conn, [ids[:3]], ids)
    for sql in (
        "UPDATE lineage SET reason = ''",
        "DELETE FROM lineage",
        "TRUNCATE lineage CASCADE",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation), conn.transaction():
            conn.execute(sql)


def test_of_two_people_at_once_the_second_is_told(db: Database, ids: list[str]) -> None:
    with db.transaction() as conn:
        fill(conn)
        regroup(conn, [ids[:6]], ids)
        event = event_of(conn, ids[0])
        seen = events.versions(conn, [event])
    refused: list[str] = []

    def second() -> None:
        try:
            with db.transaction() as other:
                edits.split(other, event, ids[:2], by="tom", expected=seen)
        except Conflict as error:
            refused.append(error.code)

    with db.transaction() as conn:
        edits.split(conn, event, ids[4:6], by="ida", expected=seen)
        thread = Thread(target=second)
        thread.start()
        waiting = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not _number(conn, waiting):
            pass
    thread.join()
    assert refused == ["changed-since"]
    with db.transaction() as conn:
        assert events_of(conn) == [ids[:4], ids[4:6]]
        sound(conn)


def test_a_writer_that_is_killed_leaves_nothing(db: Database, ids: list[str]) -> None:
    with db.transaction() as conn:
        fill(conn)
        regroup(conn, [ids[:6]], ids)
        event, before, version = event_of(conn, ids[0]), places(conn), latest(conn)
    with pytest.raises(Later), db.transaction() as conn:
        edits.split(conn, event, ids[4:6], by="ida")
        with db.transaction() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [conn.info.backend_pid])
        conn.execute("SELECT 1")
    with db.transaction() as conn:
        assert (places(conn), latest(conn)) == (before, version)
        edits.split(conn, event, ids[4:6], by="ida")
        sound(conn)


def _number(conn: Conn, sql: str) -> int:
    row = conn.execute(sql).fetchone()
    assert row is not None
    return int(row["n"])


def test_what_was_there_before_the_ledger_is_its_first_version(
    db: Database, ids: list[str]
) -> None:
    (file,) = (f.path for f in migrate.files() if f.path.name == "0016_ledger.sql")
    up, down = file.read_text(encoding="utf-8").split("-- migrate:down")
    with db.transaction() as conn:
        fill(conn)
        conn.execute(down)
        row = [ids[0], DAY, DAY, 3, 1, "test"]
        many = ", ".join(["%s"] * len(row))
        conn.execute(f"INSERT INTO stories VALUES ('story1', 'Old', {many})", row)
        conn.execute(f"INSERT INTO events VALUES ('event1', 'story1', 'Old', {many})", row)
        for one in ids[:3]:
            conn.execute(
                "INSERT INTO event_members VALUES (%s, 'event1', 'story1', 0.5, 'test')", [one]
            )
        conn.execute(up)
        assert latest(conn) == 1
        sound(conn)
        seen = showing.event(conn, "event1")
        found = sorted(m["article_id"] for m in seen["members"])
        assert (found, seen["title"]) == (ids[:3], "Old")
        edits.split(conn, "event1", ids[:1], by="ida")
        sound(conn)
        conn.rollback()
