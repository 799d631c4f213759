"""Any sequence of edits and groupings leaves a sound ledger, and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from eventroom import (
    COUNT,
    events_of,
    latest,
    places,
    regroup,
    sound,
    stories_of,
    titles,
)  # fmt: skip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.events import edits, undoing
from newsroom.db import Conn, Database
from newsroom.errors import BadRequest, Conflict
from newsroom.store import ledger

FIRST = [0, 0, 0, 1, 1, 1, 2, 2, 3]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["split", "merge", "split story", "merge story", "rename", "undo", "regroup"]
        ),
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
        last = FIRST
        _regroup(conn, ids, last)
        for kind, numbers in steps:
            try:
                last = _step(conn, ids, kind, numbers) or last
            except (BadRequest, Conflict):
                continue
            sound(conn)
        while standing := ledger.standing(conn):
            undoing.undo(conn, standing[-1].entry_id, by="tom")
            sound(conn)
        _regroup(conn, ids, last)
        assert events_of(conn) == sorted(sorted(g) for g in _parts(ids, last))
        assert stories_of(conn) == sorted(sorted(g) for g in _parts(ids, [n // 2 for n in last]))
        conn.rollback()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_undoing_everything_restores_what_was(
    shared: Database, ids: list[str], steps: list[tuple[str, list[int]]]
) -> None:
    with shared.transaction() as conn:
        _regroup(conn, ids, FIRST)
        start, had, version = places(conn), titles(conn), latest(conn)
        for kind, numbers in steps:
            if kind == "regroup":
                continue
            try:
                _step(conn, ids, kind, numbers)
            except (BadRequest, Conflict):
                continue
        while standing := _standing_since(conn, version):
            undoing.undo(conn, standing, by="tom")
        sound(conn)
        assert (places(conn), titles(conn)) == (start, had)
        conn.rollback()


def _parts(ids: Sequence[str], numbers: Sequence[int]) -> list[list[str]]:
    named: dict[int, list[str]] = {}
    for article, n in zip(ids, numbers, strict=True):
        named.setdefault(n, []).append(article)
    return [group for group in named.values() if len(group) > 1]


def _regroup(conn: Conn, ids: Sequence[str], numbers: Sequence[int]) -> None:
    """Events by number, two of them to a story."""
    stories = [[a for a, n in zip(ids, numbers, strict=True) if n // 2 == s] for s in (0, 1)]
    regroup(conn, _parts(ids, numbers), ids, stories)


def _step(conn: Conn, ids: Sequence[str], kind: str, numbers: list[int]) -> list[int] | None:
    now = places(conn)
    level = int(kind.endswith("story"))
    current = sorted({place[level] for place in now.values()} - {None}, key=str)
    if kind == "regroup":
        _regroup(conn, ids, numbers)
        return numbers
    if kind == "undo":
        rows = conn.execute("SELECT entry_id FROM lineage ORDER BY 1 DESC LIMIT 4").fetchall()
        undoing.undo(conn, rows[numbers[0] % len(rows)]["entry_id"], by="tom")
    elif current and kind == "split":
        event = current[numbers[0] % len(current)]
        chosen = [a for a, n in zip(ids, numbers, strict=True) if n > 1]
        edits.split(conn, event, [a for a in chosen if a in now and now[a][0] == event], by="ida")
    elif current and kind == "split story":
        story = current[numbers[0] % len(current)]
        units = sorted({event or a for a, (event, home) in now.items() if home == story})
        edits.split(conn, story, [u for n, u in enumerate(units) if numbers[n] > 1], by="ida")
    elif current and kind.startswith("merge"):
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
