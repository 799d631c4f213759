"""An export: its files, that it is the same again, and that it is there whole or not at all."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from api.exports import asked, folder, tables, writing
from newsroom.db import Database
from newsroom.errors import BadRequest, Misconfigured, Refused
from newsroom.store.exporting import bodies, snapshots

ALL = list(tables.ASKED)


def make(db: Database, path, **values):
    plan = asked.plan(db, asked.understood(values))
    return folder.make(db, plan, path), plan


def digests(path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in path.iterdir()}


def cells(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def lines(path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_folder_is_whole(filled, tmp_path, world) -> None:
    made, plan = make(filled, tmp_path / "out", tables=ALL)
    names = {f"{t.name}.csv" for t in tables.TABLES} | {
        "datapackage.json", "croissant.json", "README.md", "CITATION.cff", "SHA256SUMS",
    }  # fmt: skip
    assert set(digests(made.folder)) == names
    sums = dict(
        reversed(x.split("  ")) for x in (made.folder / "SHA256SUMS").read_text().splitlines()
    )
    assert sums == {n: d for n, d in digests(made.folder).items() if n != "SHA256SUMS"}
    rows = cells(made.folder / "articles.csv")
    assert [c.name for c in tables.TABLES[0].columns] == list(rows[0])
    assert len(rows) == world.count
    by_id = {row["article_id"]: row for row in rows}
    first = by_id[world.article_id(0)]
    assert float(first["article_lean"]) == world.lean(0)
    assert first["cluster_id"] == world.event_id("one")
    assert first["publisher_full"].startswith("Outlet 0")
    assert by_id[world.article_id(5)]["article_lean"] == ""  # its text is another one by now
    assert by_id[world.article_id(8)]["duplicate_of"] == world.article_id(0)
    weight = sum(float(row["weight_outlet"]) for row in rows if row["publisher"] == "outlet1")
    assert weight == pytest.approx(1)
    package = json.loads((made.folder / "datapackage.json").read_text())
    assert next(r["rows"] for r in package["resources"]) == world.count
    assert package["newsroom"]["snapshot_id"] == plan.snapshot_id == made.snapshot_id
    assert not list(tmp_path.glob(".*"))


def test_no_text_of_an_article_leaves(filled, tmp_path, world) -> None:
    made, _ = make(filled, tmp_path / "out", tables=ALL, format="jsonl")
    everything = b"".join(f.read_bytes() for f in made.folder.iterdir())
    assert b"One short sentence" not in everything
    assert b"word7" not in everything


@pytest.mark.parametrize("form", asked.FORMATS)
def test_the_same_rows_in_every_format(filled, tmp_path, form, world) -> None:
    made, _ = make(filled, tmp_path / form, tables=["articles", "annotations"], format=form)
    path = made.folder / f"annotations.{form}"
    if form == "csv":
        rows = cells(path)
    elif form == "jsonl":
        rows = lines(path)
    else:
        rows = pq.read_table(path).to_pylist()
    assert len(rows) == 29 * 6  # of 30 labelled ones, one has another text by now
    lean = [float(r["score"]) for r in rows if r["stage"] == "lean" and r["scope"] == "article"]
    assert sum(lean) == sum(world.lean(i) for i in range(30) if i != 5)
    distribution = rows[0]["distribution"]
    if form != "jsonl":
        distribution = json.loads(distribution)
    assert distribution == {"left": 0.25, "right": 0.75}


def test_the_same_snapshot_is_the_same_bytes(filled, tmp_path, world) -> None:
    """After new articles, new revisions, new labels, a new run and edited events."""
    made, plan = make(filled, tmp_path / "first", tables=ALL)
    before = digests(made.folder)
    change_all(filled, world)
    again = folder.make(filled, asked.again(filled, made.snapshot_id), tmp_path / "again")
    assert again.snapshot_id == made.snapshot_id
    assert digests(again.folder) == before
    later, _ = make(filled, tmp_path / "later", tables=ALL)
    assert later.snapshot_id != made.snapshot_id
    assert digests(later.folder) != before
    same, _ = make(filled, tmp_path / "same", tables=ALL, as_of=plan.as_of.isoformat())
    assert digests(same.folder) == before


def change_all(db: Database, world) -> None:
    from newsroom.store import annotations, articles

    with db.transaction() as conn:
        run = world.run("scripted")
        annotations.add(conn, [a for i in range(3) for a in world.labels(i, run)])
        annotations.add(conn, world.labels(35, world.run("embedded")))
        articles.add(conn, world.article(1, world.text + " More of it."), stages=["label"])
        articles.add(
            conn,
            replace(world.article(77, "Another text altogether, of some length."), page_id=None),
            stages=[],
        )
        conn.execute("UPDATE publishers SET name = name || ' Renamed'")
        conn.execute(
            "UPDATE articles SET duplicate_of = NULL, duplicate_reason = NULL, wire_source = 'AP'"
        )
        conn.execute(
            # Only now is it noted that an older text was shown again, and when.
            "INSERT INTO sightings (article_id, seen_at, finding, revision)"
            " SELECT article_id, '2026-11-20 09:00Z', 'shown', 1 FROM articles WHERE revision = 1"
        )
        conn.execute("UPDATE source_health SET verdict = 'broken'")
    rename(db, world.event_id("two"))


def rename(db: Database, event_id: str) -> None:
    from annotator.events import edits

    with db.transaction() as conn:
        edits.rename(conn, event_id, "Another name", by="ada", reason="it is better")


def test_an_empty_slice_is_a_valid_folder(filled, tmp_path) -> None:
    made, _ = make(filled, tmp_path / "out", tables=ALL, language="fi", format="csv")
    assert (made.folder / "articles.csv").read_text().startswith("article_id,revision,")
    assert len((made.folder / "articles.csv").read_text().splitlines()) == 1
    assert "This slice is empty" in (made.folder / "README.md").read_text()
    parquet, _ = make(filled, tmp_path / "parquet", language="fi", format="parquet")
    assert pq.read_table(parquet.folder / "articles.parquet").num_rows == 0


def test_a_folder_that_is_not_empty_is_refused(filled, tmp_path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(BadRequest, match="not empty"):
        make(filled, tmp_path)
    (tmp_path / "free").mkdir()
    made, _ = make(filled, tmp_path / "free")
    assert (made.folder / "SHA256SUMS").exists()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Misconfigured),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_cut_half_way_nothing_is_there(filled, tmp_path, monkeypatch, error, raised) -> None:
    written = writing.Sink.write
    calls = iter(range(10_000))

    def fails(self, data):
        if next(calls) == 20:
            raise error
        return written(self, data)

    monkeypatch.setattr(writing.Sink, "write", fails)
    with pytest.raises(raised):
        make(filled, tmp_path / "out", tables=ALL)
    assert not list(tmp_path.iterdir())
    with filled.transaction() as conn:
        busy = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
        busy += (
            " AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'"
        )
        assert conn.execute(busy).fetchone() == {"n": 0}, "the statement goes on"
        assert conn.execute("SELECT count(*) AS n FROM snapshots").fetchone() == {"n": 0}


def test_what_was_taken_down_is_told(filled, tmp_path, world) -> None:
    made, _ = make(filled, tmp_path / "first")
    with filled.transaction() as conn:
        article = world.article_id(3)
        conn.execute("DELETE FROM annotations WHERE article_id = %s", [article])
        conn.execute("DELETE FROM sightings WHERE article_id = %s", [article])
        conn.execute("DELETE FROM articles WHERE article_id = %s", [article])
        conn.execute(
            "INSERT INTO takedowns (article_id, publisher_id, canonical_url, reason)"
            " VALUES (%s, 'outlet3', 'https://x.example', 'asked')", [article],
        )  # fmt: skip
    with pytest.raises(Refused, match="1 articles were taken down"):
        folder.make(filled, asked.again(filled, made.snapshot_id), tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert make(filled, tmp_path / "anew")[0].snapshot_id != made.snapshot_id


def test_cells_that_look_like_formulas(db, make_article, tmp_path) -> None:
    from newsroom.store import articles

    titles = ["=1+1", "+1", "-1", "@x", "\tx", "plain", "a=b", "'quoted'", '=HYPERLINK("x")']
    with db.transaction() as conn:
        for n, title in enumerate(titles):
            articles.add(conn, make_article(f"n{n}", title=title, section="-section"), stages=[])
    made, _ = make(db, tmp_path / "csv", tables=["articles"])
    found = {row["title"] for row in cells(made.folder / "articles.csv")}
    assert found == {t if t[0] not in "=+-@\t\r" else f"'{t}" for t in titles}
    assert {row["section"] for row in cells(made.folder / "articles.csv")} == {"'-section"}
    exact, _ = make(db, tmp_path / "jsonl", tables=["articles"], format="jsonl")
    assert {row["title"] for row in lines(exact.folder / "articles.jsonl")} == set(titles)


def test_json_lines_hold_what_json_must_escape(db, make_article, tmp_path) -> None:
    from newsroom.store import articles

    title = 'A "quoted" \\ line\nbreak, \x01 \x02 \u2028 and 🗞 \\.'
    with db.transaction() as conn:
        articles.add(conn, make_article("odd", title=title), stages=[])
    made, _ = make(db, tmp_path / "out", tables=["articles"], format="jsonl")
    (text,) = (made.folder / "articles.jsonl").read_bytes().removesuffix(b"\n").split(b"\n")
    assert json.loads(text)["title"] == title
    made, _ = make(db, tmp_path / "csv", tables=["articles"])
    assert cells(made.folder / "articles.csv")[0]["title"] == title


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"tables": ["artcles"]}, "did you mean articles"),
        ({"format": "parket"}, "did you mean parquet"),
        ({"published_from": "2026-11-05", "published_to": "2026-11-04"}, "behind"),
        ({"publsher": ["x"]}, "did you mean publisher"),
        ({"duplicates": "exclude"}, "marked in duplicate_of"),
        ({"tables": []}, "at least 1"),
        ({"as_of": "2999-01-01"}, "ahead"),
    ],
)
def test_bad_questions(values, said) -> None:
    with pytest.raises(BadRequest, match=said):
        asked.understood(values)


def test_an_unknown_run_names_the_nearest(filled, world) -> None:
    run = world.run("embedded").run_id
    with pytest.raises(Exception, match=f"did you mean {run}"):
        asked.plan(filled, asked.understood({"run": run[:-1] + "x"}))
    with pytest.raises(Exception, match="did you mean embedded"):
        asked.plan(filled, asked.understood({"labeller": "embeded"}))


def test_a_moment_is_taken_when_nothing_older_can_come(db, make_article) -> None:
    from newsroom.store import articles

    with db.transaction() as conn:
        articles.add(conn, make_article("late"), stages=[])
        started = conn.execute("SELECT now() AS at").fetchone()["at"]
        assert asked.plan(db, asked.understood({})).as_of < started
    assert asked.plan(db, asked.understood({})).as_of > started


def test_declared_columns_are_those_of_the_statements(template_url) -> None:
    import psycopg

    from newsroom.store.exporting import cut

    values = dict.fromkeys(("as_of", "publisher", "first_day", "last_day"))
    values |= {"run_id": None, "version": 1, "low": 0, "high": 1}
    with psycopg.connect(template_url) as conn:
        conn.execute(cut._MAKE)
        for table in tables.TABLES:
            cursor = conn.execute(bodies.BODIES[table.name], values)
            assert [c.name for c in cursor.description] == [c.name for c in table.columns]


def test_every_column_has_an_example_of_its_kind() -> None:
    for table in tables.TABLES:
        names = [c.name for c in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)
        for c in table.columns:
            assert c.description.endswith("."), c.name
            assert c.example is not None, c.name
            assert not c.values or c.example in c.values, c.name


def test_the_card_is_a_dataset_card(filled, tmp_path) -> None:
    made, plan = make(filled, tmp_path / "out")
    _, head, _ = (made.folder / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(head)
    assert card["license"] == "apache-2.0"
    assert {"en", "de"} == set(card["language"])
    assert [c["data_files"] for c in card["configs"]] == [
        "articles.csv",
        "annotations.csv",
        "source_health.csv",
    ]
    citation = yaml.safe_load((made.folder / "CITATION.cff").read_text())
    assert citation["version"] == plan.snapshot_id
    assert citation["type"] == "dataset"


def test_nothing_reads_all_rows_at_once() -> None:
    from pathlib import Path

    from newsroom.store.exporting import rows

    assert "fetchall" not in Path(rows.__file__).read_text()
    assert "fetchall" not in Path(writing.__file__).read_text()


def test_a_snapshot_of_another_version_is_refused(filled, tmp_path, monkeypatch) -> None:
    made, _ = make(filled, tmp_path / "out")
    monkeypatch.setattr(asked, "layout", lambda: "other")
    with pytest.raises(Refused, match="another version"):
        asked.again(filled, made.snapshot_id)


def test_groups_of_rows() -> None:
    batches = [pa.record_batch({"n": list(range(n))}) for n in (2, 1, 4, 9, 1)]
    groups = [sum(len(b) for b in group) for group in writing.grouped(batches, 3)]
    assert groups == [3, 3, 3, 3, 3, 2]
    assert writing.stretches("articles", 0) == []
    assert writing.stretches("events", 0) == [{}]
    assert len(writing.stretches("articles", writing.STRETCH + 1)) == 2


def test_a_kept_snapshot_stays(filled, tmp_path) -> None:
    made, plan = make(filled, tmp_path / "out")
    with filled.transaction() as conn:
        kept = snapshots.one(conn, made.snapshot_id)
    assert kept is not None
    assert kept.files == made.files
    assert kept.spec == plan.spec
    assert kept.as_of == plan.as_of <= datetime.now(UTC)
