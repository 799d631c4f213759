from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsroom.db import Database
from newsroom.errors import BadRequest
from scraper import tables
from scraper.importing import import_files, mapping
from scraper.outlets import registry

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Snapshot = Callable[[], dict[str, list[object]]]


def test_columns_are_guessed_by_name() -> None:
    names = ["ID", "date", "Source URL", "Headline", "body", "lean", "topic"]
    assert mapping(names) == {
        "id": "ID", "published_at": "date", "url": "Source URL", "title": "Headline", "text": "body",
    }  # fmt: skip


def test_labels_are_never_read() -> None:
    read = mapping(["url", "title", "text", "lean", "bias", "topic", "label", "tone"])
    assert set(read.values()) == {"url", "title", "text"}


def test_wishes_win() -> None:
    assert mapping(["url", "title", "text", "lede"], ["lede=text"])["text"] == "lede"


@pytest.mark.parametrize(
    ("columns", "wishes", "says"),
    [
        (["title", "text"], [], "no column for url.*title, text"),
        ([], [], "no column for url, title, text"),
        (["url", "title", "text"], ["lede=text"], "no column 'lede'"),
        (["url", "title", "text"], ["text=lean"], "no field 'lean'"),
        (["url", "title", "text"], ["text"], "no field ''"),
    ],
)
def test_a_wrong_mapping_names_the_columns(
    columns: list[str], wishes: list[str], says: str
) -> None:
    with pytest.raises(BadRequest, match=says):
        mapping(columns, wishes)


def _rows(sentences: tuple[str, ...]) -> list[dict[str, object]]:
    def text(n: int) -> str:
        return " ".join(sentences[n % 3 :]) + f" This was written by hand number {n} of the house."

    return [
        {
            "url": "http://www.cnn.com/a?utm_source=x",
            "title": "First",
            "text": text(0),
            "date": "2020-05-01",
        },
        {"url": "https://cnn.com/a", "title": "First again", "text": text(1), "date": None},
        {"url": "https://quay.com/b", "title": "Second", "text": text(1), "date": "not known"},
        {"url": "https://quay.com/c", "title": "Third", "text": text(2), "date": "1805-01-01"},
        {"url": "https://quay.com/d", "title": "Short", "text": "Too few words.", "date": None},
        {"url": "nowhere", "title": "No address", "text": text(0), "date": None},
        {"url": None, "title": "None at all", "text": text(0), "date": None},
        {"url": "https://quay.com/e", "title": "", "text": text(0), "date": None},
        {
            "url": "https://quay.com/f",
            "title": "Deutsch",
            "text": "Der Rat der Stadt hat heute beraten. " * 20,
            "date": None,
        },
    ]


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "jsonl.gz"])
def test_every_row_ends_somewhere_and_again_nowhere_else(
    db: Database, tmp_path: Path, sentences: tuple[str, ...], snapshot: Snapshot, kind: str
) -> None:
    path = tmp_path / f"rows.{kind}"
    rows = _rows(sentences)
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        data = "".join(json.dumps(row) + "\n" for row in rows).encode() + b"not json\n[1, 2]\n\n"
        path.write_bytes(gzip.compress(data) if kind.endswith("gz") else data)
    bad = {} if kind == "parquet" else {"bad-line": 2}
    files = {path: mapping(tables.columns(path))}
    rings: list[int] = []
    tally = import_files(db, files, registry.known(), now=NOW, ring=rings.append)
    assert tally.stored.total() == 3
    assert tally.stored["new"] >= 1
    assert tally.refused == {
        "duplicate-url": 1, "too-short": 1, "bad-url": 2, "not-article": 1, "language": 1, **bad,
    }  # fmt: skip
    assert rings == [3]
    before = snapshot()
    by_url = {row["canonical_url"]: row for row in before["articles"]}  # type: ignore[index,call-overload]
    assert by_url["https://cnn.com/a"]["publisher_id"] == "cnn"
    assert by_url["https://cnn.com/a"]["published_at"] == datetime(2020, 5, 1, tzinfo=UTC)
    assert by_url["https://quay.com/b"]["date_source"] == "absent"
    assert by_url["https://quay.com/c"]["date_source"] == "refused"
    assert import_files(db, files, registry.known(), now=NOW).stored == {"unchanged": 3}
    assert snapshot() == before


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "x.parquet"
    broken.write_bytes(b"no parquet")
    with pytest.raises(BadRequest, match=r"x\.parquet"):
        tables.columns(broken)
    with pytest.raises(BadRequest, match=r"missing\.jsonl"):
        tables.columns(tmp_path / "missing.jsonl")
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"url": 1}\n' * 10_000)[:-20])
    with pytest.raises(BadRequest, match="damaged"):
        list(tables.rows(cut))
