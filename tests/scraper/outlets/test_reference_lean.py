from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsroom.errors import Misconfigured, Refused
from scraper.outlets import files as outlet_files
from scraper.outlets import reference_lean, registry

ROOT = Path(__file__).resolve().parents[3]
ROWS = [
    *(("quay.test", "right", f"2018-0{n}-01") for n in range(1, 10)),
    ("quay.test", "right", "2019-05-04 00:00:00"),
    ("quay.test", "right", None),
    ("old-quay.test", "right", "2012-12-31"),
    *(("torn.test", lean, "2020-01-01") for lean in ["left"] * 9 + ["center"]),
    *(("undated.test", "left", None) for _ in range(50)),
    *(("few.test", "left", "2020-01-01") for _ in range(9)),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two parts of a made-up corpus."""
    (tmp_path / "train").mkdir()
    for part, rows in enumerate((ROWS[:5], ROWS[5:])):
        columns = dict(
            zip(("domain", "lean", "date"), map(list, zip(*rows, strict=True)), strict=True)
        )
        path = tmp_path / "train" / f"lean_allsides_articles.part{part}.parquet"
        pq.write_table(pa.table(columns), path)
    return tmp_path


def test_counts_are_of_dated_articles_of_all_domains(data: Path) -> None:
    labels = reference_lean.read(data)
    assert len(labels) == len(ROWS)
    lean = reference_lean.of_domains(("quay.test", "old-quay.test"), labels)
    assert lean is not None
    assert (lean.label, lean.right, lean.n, lean.undated) == ("right", 11, 11, 1)
    assert (lean.since, lean.as_of) == (date(2012, 12, 31), date(2019, 5, 4))
    assert lean.source == reference_lean.SOURCE


def test_what_was_rated_two_ways_is_mixed_and_what_has_no_dates_is_nothing(data: Path) -> None:
    labels = reference_lean.read(data)
    torn = reference_lean.of_domains(["torn.test"], labels)
    assert torn is not None
    assert (torn.label, torn.left, torn.center) == ("mixed", 9, 1)
    for domain in ("undated.test", "few.test", "unknown.test"):
        assert reference_lean.of_domains([domain], labels) is None


def test_a_folder_without_the_corpus_or_with_another_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no train/lean_allsides"):
        reference_lean.read(tmp_path)
    (tmp_path / "train").mkdir()
    table = pa.table({"domain": ["quay.test"], "lean": ["upward"], "date": [None]})
    pq.write_table(table, tmp_path / "train" / "lean_allsides_articles.part0.parquet")
    with pytest.raises(Misconfigured, match="'upward' is no lean"):
        reference_lean.read(tmp_path)


def test_a_file_is_rated_and_verified_by_its_lines_alone(data: Path, tmp_path: Path) -> None:
    source = outlet_files.path(registry.load().chosen(["apnews"])[0]).read_text()
    text = source.replace("apnews", "quay").replace("verified = false", "verified = false  ")
    with pytest.raises(Refused, match="0 lines"):
        outlet_files.verified(text, date(2026, 3, 2))
    text = text.replace("verified = false  ", "verified = false")
    lean = reference_lean.of_domains(["quay.test"], reference_lean.read(data))
    written = outlet_files.rated(outlet_files.verified(text, date(2026, 3, 2)), lean)
    assert outlet_files.rated(written, lean) == written
    assert outlet_files.verified(written, date(2026, 3, 2)) == written
    (tmp_path / "quay.toml").write_text(written)
    (outlet,) = registry.read(tmp_path).outlets
    assert outlet.reference_lean == lean
    assert outlet.publisher.verified
    assert outlet.verified_on == date(2026, 3, 2)
    assert "never" not in written
    assert "has been checked" not in written
    # Everything else stands as it stood.
    bare = outlet_files.rated(written, None)
    assert bare == outlet_files.verified(text, date(2026, 3, 2))


def test_nothing_that_labels_an_article_can_see_how_its_outlet_was_rated() -> None:
    """Neither by name, nor through a module of the store that reads the table it is kept in."""
    labelling = [
        p for folder in ("annotator", "memory_lm", "kernels") for p in (ROOT / folder).rglob("*.py")
    ]
    assert len(labelling) > 50
    read = set()
    for path in labelling:
        text = path.read_text()
        assert "reference_lean" not in text, path
        assert "outlet_descriptions" not in text, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "newsroom.store"
            ):
                base = ROOT / str(node.module).replace(".", "/")
                read |= {
                    base.with_suffix(".py"),
                    *(base / f"{name.name}.py" for name in node.names),
                }
    store = [path for path in read if path.is_file()]
    assert len(store) > 5
    assert not [path for path in store if "outlet_descriptions" in path.read_text()]
    assert "outlet_descriptions" in (ROOT / "newsroom/store/descriptions.py").read_text()
