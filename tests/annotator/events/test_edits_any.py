"""Any sequence of edits and groupings leaves a sound ledger, and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from eventroom import COUNT, events_of, latest, places, regroup, sound, titles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.events import edits
from newsroom.db import Conn, Database
from newsroom.errors import BadRequest, Conflict
from newsroom.store import ledger

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["split", "merge", "rename", "undo", "regroup"]),
        st.lists(st.integers(0, 3), min_size=COUNT, max_size=COUNT),
    ),
    min_size=1,
    max_size=7,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_any_edits_and_groupings_leave_a_sound_ledger(
    shared: Database, ids: list[str], steps: list[tuple[str, list[int]]]
) -> None:
    with shared.transaction() as conn:
        last = _grouping([0, 0, 0, 0, 1, 1, 1, 2, 2], ids)
        regroup(conn, last, ids)
        for kind, numbers in steps:
            try:
                last = _step(conn, ids, kind, numbers) or last
            except (BadRequest, Conflict):
                continue
            sound(conn)
        while standing := ledger.standing(conn):
            edits.undo(conn, standing[-1].entry_id, by="tom")
            sound(conn)
        regroup(conn, last, ids)
        assert events_of(conn) == sorted(sorted(g) for g in last if len(g) > 1)
        conn.rollback()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_undoing_everything_restores_what_was(
    shared: Database, ids: list[str], steps: list[tuple[str, list[int]]]
) -> None:
    with shared.transaction() as conn:
        regroup(conn, _grouping([0, 0, 0, 0, 1, 1, 1, 2, 2], ids), ids)
        start, had, version = places(conn), titles(conn), latest(conn)
        for kind, numbers in steps:
            if kind == "regroup":
                continue
            try:
                _step(conn, ids, kind, numbers)
            except (BadRequest, Conflict):
                continue
        while standing := _standing_since(conn, version):
            edits.undo(conn, standing, by="tom")
        sound(conn)
        assert (places(conn), titles(conn)) == (start, had)
        conn.rollback()


def _grouping(numbers: Sequence[int], ids: Sequence[str]) -> list[list[str]]:
    named: dict[int, list[str]] = {}
    for article, n in zip(ids, numbers, strict=True):
        named.setdefault(n, []).append(article)
    return [group for group in named.values() if len(group) > 1]


def _step(
    conn: Conn, ids: Sequence[str], kind: str, numbers: Sequence[int]
) -> list[list[str]] | None:
    current = sorted({e for e, _ in places(conn).values() if e is not None})
    if kind == "regroup":
        groups = _grouping(numbers, ids)
        regroup(conn, groups, ids)
        return groups
    if kind == "undo":
        rows = conn.execute("SELECT entry_id FROM lineage ORDER BY 1 DESC LIMIT 4").fetchall()
        edits.undo(conn, rows[numbers[0] % len(rows)]["entry_id"], by="tom")
    elif current and kind == "split":
        event = current[numbers[0] % len(current)]
        chosen = [a for a, n in zip(ids, numbers, strict=True) if n > 1]
        inside = [a for a in chosen if places(conn)[a][0] == event]
        edits.split(conn, event, inside, by="ida")
    elif current and kind == "merge":
        edits.merge(conn, list(dict.fromkeys(current[n % len(current)] for n in numbers)), by="ida")
    elif current:
        edits.rename(conn, current[numbers[0] % len(current)], f"Title {numbers[1]}", by="ida")
    return None


def _standing_since(conn: Conn, version: int) -> int | None:
    """The newest entry of a person that stands and is no undoing."""
    done = ledger.undone_entries(conn)
    rows = conn.execute(
        "SELECT entry_id, undo_of, edit FROM lineage WHERE version > %s ORDER BY 1 DESC", [version]
    ).fetchall()
    return next((r["entry_id"] for r in rows if r["edit"] and r["entry_id"] not in done), None)
