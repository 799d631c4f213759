"""An article whose text kills the process that labels it, with neighbours in the same batch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from newsroom import ids
from newsroom.db import Database
from newsroom.store import articles, work

NEIGHBOURS = 12
KILLED = 9

CHILD = f"""
import os, sys
from annotator import runner
from annotator.labellers.scripted import ScriptedLabeller
from newsroom.db import Database
from newsroom.settings import Work

class Poisoned(ScriptedLabeller):
    def label(self, given, past=None):
        if any("poison" in a.text for a in given):
            os._exit({KILLED})
        return super().label(given, past)

bench = runner.bench(Poisoned(), version="v1", digest="d", codebook={{}})
with Database(sys.argv[1], size_max=1) as db:
    while runner.label_due(db, bench, Work()):
        pass
"""


def test_five_starts_then_quarantine_and_every_neighbour_labelled(
    db: Database, database_url: str, make_article: Any
) -> None:
    text = "This text is poison to its reader."
    poison = make_article("p", text=text, content_sha256=ids.content_sha256("p", text), title="p")
    with db.transaction() as conn:
        articles.add(conn, poison, stages=["label"])
        for i in range(NEIGHBOURS):
            articles.add(conn, make_article(f"n{i}"), stages=["label"])
    deaths = 0
    while (code := subprocess.call([sys.executable, "-c", CHILD, database_url])) == KILLED:
        deaths += 1
        assert deaths <= 5
        with db.transaction() as conn:
            work.end_leases(conn)
            work.sweep(conn, attempts_max=5)
    assert (code, deaths) == (0, 5)
    with db.transaction() as conn:
        states = conn.execute(
            "SELECT state, count(*) AS n FROM work GROUP BY 1 ORDER BY 1"
        ).fetchall()
        left = conn.execute(
            "SELECT article_id, error_code FROM work WHERE state <> 'done'"
        ).fetchall()
    assert states == [{"state": "done", "n": NEIGHBOURS}, {"state": "quarantined", "n": 1}]
    assert left == [{"article_id": poison.article_id, "error_code": "worker-lost"}]
