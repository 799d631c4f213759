"""Outlets come in by many doors at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from newsroom.db import Database
from newsroom.errors import Misconfigured
from newsroom.records import Publisher
from newsroom.store import articles, publishers

WORKERS, OUTLETS = 4, 60


def outlet(n: int) -> Publisher:
    return Publisher(
        publisher_id=f"outlet{n}", name=f"Outlet {n}", domain=f"outlet{n}.test",
        country="US", language="en", timezone="UTC",
    )  # fmt: skip


def test_a_new_outlet_may_be_stored_by_many_at_once(db: Database) -> None:
    """Pages of one outlet are stored side by side; whoever is first, nobody's page is lost."""
    together = Barrier(WORKERS, timeout=20)

    def store(_worker: int) -> list[str]:
        failures = []
        for n in range(OUTLETS):
            together.wait()
            try:
                with db.transaction() as conn:
                    publishers.upsert(conn, [outlet(n)])
            except Exception as error:
                failures.append(repr(error))
        return failures

    with ThreadPoolExecutor(WORKERS) as pool:
        assert [list(f) for f in pool.map(store, range(WORKERS))] == [[]] * WORKERS
    with db.transaction() as conn:
        row = conn.execute("SELECT count(*) AS n FROM publishers WHERE name LIKE 'Outlet %'")
        assert row.fetchone() == {"n": OUTLETS}


def test_an_unchanged_outlet_is_left_alone_and_a_changed_one_is_not(db: Database) -> None:
    def versions() -> dict[str, tuple[str, str]]:
        with db.transaction() as conn:
            rows = conn.execute("SELECT publisher_id, name, xmin::text AS v FROM publishers")
            return {r["publisher_id"]: (r["name"], r["v"]) for r in rows}

    with db.transaction() as conn:
        publishers.upsert(conn, [outlet(1), outlet(2)])
    before = versions()
    with db.transaction() as conn:
        publishers.upsert(conn, [outlet(1), replace(outlet(2), name="Renamed")])
    after = versions()
    assert after["outlet1"] == before["outlet1"]
    assert after["outlet2"][0] == "Renamed"


def test_a_domain_of_another_outlet_is_refused_by_name(db: Database) -> None:
    with db.transaction() as conn:
        publishers.upsert(conn, [outlet(1)])
    with (
        pytest.raises(Misconfigured, match="belongs to outlet 'outlet1'") as refusal,
        db.transaction() as conn,
    ):
        publishers.upsert(conn, [replace(outlet(2), domain="outlet1.test")])
    assert refusal.value.code == "publisher-domain-taken"


def test_an_outlet_known_by_its_domain_gets_its_id_when_it_gets_a_file(
    db: Database, make_article
) -> None:
    with db.transaction() as conn:
        named = publishers.of_domain(conn, "outlet1.test", "Outlet of one")
        articles.add(conn, make_article("a", publisher_id=named), stages=())
    assert named == "outlet1.test"
    for _ in range(2):
        with db.transaction() as conn:
            publishers.upsert(conn, [outlet(1)])
    with db.transaction() as conn:
        assert publishers.of_domain(conn, "outlet1.test") == "outlet1"
        row = conn.execute("SELECT publisher_id FROM articles").fetchone()
        assert row == {"publisher_id": "outlet1"}
        left = conn.execute(
            "SELECT count(*) AS n FROM publishers WHERE publisher_id = 'outlet1.test'"
        )
        assert left.fetchone() == {"n": 0}
