"""Exports as others read them: frictionless (Data Package) and mlcroissant (Croissant)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import frictionless
import mlcroissant
import pytest

from api.exports import asked, folder, tables
from newsroom.db import Database


@pytest.fixture(scope="module")
def made(stocked, tmp_path_factory) -> Iterator[dict[str, Path]]:
    """All tables of the filled newsroom in every format, and an empty slice."""
    base = tmp_path_factory.mktemp("exports")
    slices = {form: {"format": form} for form in asked.FORMATS} | {"empty": {"language": "fi"}}
    with Database(stocked.require_database()) as db:
        for name, values in slices.items():
            plan = asked.plan(db, asked.understood({"tables": list(tables.ASKED), **values}))
            folder.make(db, plan, base / name)
    return {name: base / name for name in slices}


@pytest.mark.parametrize("name", ["csv", "empty"])
def test_frictionless_finds_every_cell_as_declared(made, name) -> None:
    report = frictionless.validate(str(made[name] / "datapackage.json"))
    assert report.valid, report.flatten(["taskName", "rowNumber", "fieldName", "note"])[:10]
    assert [task.name for task in report.tasks] == [table.name for table in tables.TABLES]


@pytest.mark.parametrize("name", ["jsonl", "parquet"])
def test_the_descriptor_of_other_formats_is_valid(made, name) -> None:
    package = frictionless.Package(str(made[name] / "datapackage.json"))
    assert [r.name for r in package.resources] == [table.name for table in tables.TABLES]
    for resource, table in zip(package.resources, tables.TABLES, strict=True):
        assert resource.schema.field_names == [c.name for c in table.columns]


def test_a_wrong_cell_is_found(made, tmp_path) -> None:
    """The check can fail: a score off the scale, a label that is none."""
    for path in made["csv"].iterdir():
        text = path.read_text()
        if path.name == "annotations.csv":
            text = text.replace("0.5,", "1.5,", 1)
        (tmp_path / path.name).write_text(text)
    assert not frictionless.validate(str(tmp_path / "datapackage.json")).valid


@pytest.mark.parametrize("name", [*asked.FORMATS, "empty"])
def test_mlcroissant_reads_it(made, name) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(made[name] / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings
    assert [r.name for r in dataset.metadata.record_sets] == [t.name for t in tables.TABLES]


@pytest.mark.parametrize("name", asked.FORMATS)
def test_mlcroissant_reads_rows(made, name) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(made[name] / "croissant.json"))
    (row,) = itertools.islice(dataset.records("event_members"), 1)
    assert len(row["event_members/article_id"]) == 32
    assert row["event_members/role"] == b"core"
