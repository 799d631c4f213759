"""One text in several outlets: whose it is, in whatever order it came in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

from typer.testing import CliRunner

from newsroom.db import Database
from newsroom.settings import Settings
from newsroom.store import duplicates

WIRE = " ".join(
    f"In sentence {n} the harbour master of Dunvale told the committee why pier {n} has to close."
    for n in range(12)
)
EDITED = WIRE.replace("has to close", "must be closed", 2).replace("told", "said to", 1)
OWN = " ".join(
    f"Our reporter counted {n} ferries at noon, and the keeper of the light counted {n + 1}."
    for n in range(12)
)
STARS = (
    "SELECT publisher_id, duplicate_reason AS reason, wire_source AS source,"
    " (SELECT o.publisher_id FROM articles o WHERE o.article_id = a.duplicate_of"
    "   AND o.superseded_at IS NULL) AS original"
    " FROM articles a WHERE superseded_at IS NULL ORDER BY publisher_id"
)
NO_CHAIN = (
    "SELECT count(*) AS n FROM articles a JOIN articles o ON o.article_id = a.duplicate_of"
    " WHERE a.superseded_at IS NULL AND o.superseded_at IS NULL AND o.duplicate_of IS NOT NULL"
)


def _star(rows: Any) -> dict[str, tuple[Any, ...]]:
    assert rows(NO_CHAIN) == [{"n": 0}]
    return {r["publisher_id"]: (r["reason"], r["source"], r["original"]) for r in rows(STARS)}


def test_whoever_was_first_is_the_original(see: Any, rows: Any) -> None:
    see(WIRE, at=0, outlet="ledger")
    assert see(WIRE, at=1, outlet="herald").stored == {"same-text": 1}
    assert see(EDITED, at=2, outlet="courier").stored == {"near-copy": 1}
    assert see(OWN, at=3, outlet="gazette").stored == {"new": 1}
    assert _star(rows) == {
        "ledger": (None, None, None),
        "herald": ("same-text", None, "ledger"),
        "courier": ("near-copy", None, "ledger"),
        "gazette": (None, None, None),
    }


def test_an_agencys_text_is_its_own_however_late_it_comes_in(see: Any, rows: Any) -> None:
    """Copies that credit it, one that does not, and the agency itself, in every order."""
    looks = {
        "apwire": {"publisher_name": "Associated Press"},
        "herald": {"credit": "Associated Press"},
        "courier": {"bylines": ("Associated Press",)},
    }
    for place, order in enumerate(permutations(looks)):
        thing = ("pier", "dam", "kiln", "mill", "lock", "weir")[place]
        text = " ".join(
            f"{thing} {n} of {thing} row: {thing} keepers saw {thing} {n} close." for n in range(12)
        )
        for at, outlet in enumerate(order):
            see(text, at=at, outlet=outlet, name=f"n{place}", **looks[outlet])
    stars = {(r["publisher_id"], r["reason"], r["source"], r["original"]) for r in rows(STARS)}
    copies = {("herald", "wire-copy", "Associated Press", "apwire"),
              ("courier", "wire-copy", "Associated Press", "apwire")}  # fmt: skip
    assert {star for star in stars if star[0] != "apwire"} == copies
    assert {star[3] for star in stars if star[0] == "apwire"} == {None}
    assert rows(NO_CHAIN) == [{"n": 0}]


def test_a_text_that_is_credited_to_an_agency_we_do_not_read(see: Any, rows: Any) -> None:
    see(WIRE, at=0, outlet="ledger")
    see(EDITED, at=1, outlet="herald", credit="Reuters")
    assert _star(rows) == {
        "ledger": (None, "Reuters", None),
        "herald": ("wire-copy", "Reuters", "ledger"),
    }


def test_a_text_taken_over_from_a_named_outlet(see: Any, rows: Any) -> None:
    see(OWN, at=0, outlet="ledger")
    see(OWN, at=1, outlet="herald", bylines=("Ada Varley", "The Ledger"))
    assert _star(rows)["herald"] == ("wire-copy", "The Ledger", "ledger")


def test_a_copy_within_an_outlet_is_no_wire_copy(see: Any, rows: Any) -> None:
    see(WIRE, at=0, credit="Reuters")
    assert see(WIRE, at=1, name="again", credit="Reuters").stored == {"same-text": 1}


def test_a_copy_of_what_became_a_copy_follows_it(see: Any, rows: Any) -> None:
    """An own story that is replaced by another outlet's text: its copies go with it."""
    see(OWN, at=0, outlet="ledger")
    see(OWN, at=1, outlet="herald")
    see(WIRE, at=2, outlet="courier")
    see(WIRE, at=3, outlet="ledger")
    assert _star(rows) == {
        "courier": (None, None, None),
        "ledger": ("same-text", None, "courier"),
        "herald": ("same-text", None, "courier"),
    }


def test_a_copy_of_an_older_version_is_a_copy(see: Any, rows: Any) -> None:
    see(WIRE, at=0, outlet="ledger")
    see(OWN, at=1, outlet="ledger")
    see(WIRE, at=2, outlet="herald")
    assert _star(rows)["herald"] == ("same-text", None, "ledger")


def test_copies_that_come_in_together_have_one_original(see: Any, rows: Any) -> None:
    outlets = [f"paper{n}" for n in range(6)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda o: see(EDITED if o == "paper3" else WIRE, at=0, outlet=o), outlets))
    stars = _star(rows)
    assert [s[2] for s in stars.values()].count(None) == 1
    assert len({s[2] for s in stars.values() if s[2]}) == 1


def test_counts_before_and_after(see: Any, rows: Any, db: Database, settings: Settings) -> None:
    see(WIRE, at=0, outlet="ledger")
    see(WIRE, at=1, outlet="herald")
    see(EDITED, at=2, outlet="herald", name="again", credit="Reuters")
    see(OWN, at=3, outlet="herald", name="own")
    with db.transaction() as conn:
        total = duplicates.totals(conn)
        herald = next(r for r in duplicates.by_outlet(conn) if r["publisher_id"] == "herald")
    assert (total["articles"], total["originals"], total["exact_texts"]) == (4, 2, 3)
    assert total["texts_by_outlet"] == 3
    assert {k: herald[k] for k in ("articles", "originals", "same_text", "wire_copies")} == {
        "articles": 3, "originals": 1, "same_text": 1, "wire_copies": 1,
    }  # fmt: skip
    assert (herald["within_outlet"], herald["across_outlets"]) == (0, 2)


def test_verbs(see: Any, rows: Any, monkeypatch: Any, database_url: str) -> None:
    from newsroom.cli import build

    monkeypatch.setenv("DATABASE_URL", database_url)
    see(WIRE, at=0, outlet="ledger")
    see(WIRE, at=1, outlet="herald")
    see(EDITED, at=2, outlet="ledger", title="Piers of Dunvale are closed")
    one = rows("SELECT article_id FROM articles WHERE publisher_id = 'ledger' LIMIT 1")[0]

    def run(*words: str) -> Any:
        done = CliRunner().invoke(build(), [*words])
        assert done.exit_code == 0, done.output
        return done.stdout

    report = json.loads(run("duplicates", "report", "--json"))
    assert report["total"]["articles"] == 2
    assert "herald" in run("duplicates", "report")
    shown = json.loads(run("duplicates", "show", one["article_id"], "--json"))
    assert [r["duplicate_reason"] for r in shown] == [None, "same-text"]
    assert "same-text" in run("duplicates", "show", one["article_id"])
    listed = json.loads(run("revisions", "--outlet", "ledger", "--since", "2026-03-01", "--json"))
    assert [r["kind"] for r in listed] == ["silent-edit"]
    assert "silent-edit" in run("revisions")
    assert json.loads(run("revisions", "--kind", "removal", "--json")) == []
    history = json.loads(run("revisions", "show", one["article_id"], "--json"))
    assert [h["title"] for h in history["headlines"]] == [
        "Council votes on the bridge",
        "Piers of Dunvale are closed",
    ]
    assert history["changes"][0]["labels"]["comparable"] is False
    text = run("revisions", "show", one["article_id"])
    assert "[-has to close-]{+must be closed+}" in " ".join(text.split())
    assert "no run has labelled" in text
    missing = CliRunner().invoke(build(), ["revisions", "show", "nothing"])
    assert missing.exit_code != 0
