"""The verb, and the pages that are made from the declarations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.exports import dictionary
from api.exports.commands import app
from newsroom.errors import BadRequest, NotFound

PAGE = Path(__file__).resolve().parents[3] / "docs" / "data-dictionary.md"


@pytest.fixture
def verb(stocked, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", stocked.require_database())

    def run(*arguments: str):
        return CliRunner().invoke(app, list(arguments))

    return run


def test_the_page_is_that_of_the_declarations() -> None:
    assert PAGE.read_text(encoding="utf-8") == dictionary.page(), (
        "run: newsroom export --dictionary > docs/data-dictionary.md"
    )


def test_an_export_and_the_same_again(verb, tmp_path, world) -> None:
    done = verb(str(tmp_path / "out"), "--table", "articles,events", "--from", "2026-11-01",
                "--publisher", "outlet1", "--publisher", "outlet2", "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["spec"]["filters"]["publisher"] == ["outlet1", "outlet2"]
    assert told["files"][0] | {"name": "articles.csv", "rows": world.count / 2} == told["files"][0]
    again = verb(str(tmp_path / "again"), "--snapshot", told["snapshot_id"])
    assert again.exit_code == 0, again.output
    assert told["snapshot_id"] in again.stdout
    for path in (tmp_path / "out").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (["DIR", "--table", "artcles"], BadRequest, "did you mean articles"),
        (["DIR", "--format", "cvs"], BadRequest, "did you mean csv"),
        (["DIR", "--from", "2026-11-09", "--to", "2026-11-01"], BadRequest, "behind"),
        (["DIR", "--from", "yesterday"], BadRequest, "give a date"),
        (["DIR", "--run", "0123456789"], NotFound, "no run"),
        (["DIR", "--snapshot", "none"], NotFound, "no snapshot none"),
        (["DIR", "--snapshot", "none", "--topic", "x"], BadRequest, "name no others"),
        ([], BadRequest, "name a folder"),
        (["FULL"], BadRequest, "not empty"),
    ],
)
def test_bad_questions(verb, tmp_path, arguments, error, said) -> None:
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "kept").write_text("mine")
    done = verb(*(str(tmp_path / a) if a in {"DIR", "FULL"} else a for a in arguments))
    assert isinstance(done.exception, error), done.output
    assert said in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["FULL"]


def test_the_dictionary_needs_no_database() -> None:
    done = CliRunner().invoke(app, ["--dictionary"])
    assert done.stdout == dictionary.page()
