"""The verbs of keys, disputes and takedown, as typed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from newsroom import cli, keys
from newsroom.errors import BadRequest, NotFound
from newsroom.keys import Key, Scope
from newsroom.records import Run
from newsroom.store import annotations, articles, disputes
from newsroom.store import keys as store
from newsroom.store.disputes import Label

RUN = Run(run_id="r" * 32, labeller="test", labeller_revision="1", codebook_version="v1",
          codebook_digest="d" * 64, prompt_digest=None, code_version="test")  # fmt: skip


@pytest.fixture
def call(database_url: str, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("NEWSROOM_HOME", str(tmp_path))
    root = cli.build()

    def run(*arguments: str):
        done = CliRunner().invoke(root, list(arguments))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


def test_a_key_is_made_shown_once_listed_and_revoked(call, db) -> None:
    done = call("keys", "create", "ada", "--scope", "dispute", "--scope", "export", "--note", "of the desk")  # fmt: skip
    key = done.stdout.strip()
    assert keys.well_formed(key)
    assert "cannot be shown again" in done.stderr
    other = json.loads(call("keys", "create", "bo", "--days", "0", "--json").stdout)
    assert keys.well_formed(other["key"])
    assert (other["scopes"], other["expires_at"]) == ([], None)
    listed = call("keys", "list", "--json").stdout
    first, second = json.loads(listed)
    assert (first["key_id"], first["owner"], first["scopes"], first["note"]) == (
        keys.key_id(key), "ada", ["dispute", "export"], "of the desk",
    )  # fmt: skip
    assert first["expires_at"] > first["created_at"]
    assert second["last_used_at"] is None
    assert key not in listed
    with db.transaction() as conn:
        found = store.accepted(conn, key)
        assert found is not None
        assert found.scopes == {Scope.DISPUTE, Scope.EXPORT}
    assert "is revoked" in call("keys", "revoke", keys.key_id(key)).stdout
    with db.transaction() as conn:
        assert store.accepted(conn, key) is None
        assert store.accepted(conn, other["key"]) is not None
    assert "revoked" in call("keys", "list").stdout.splitlines()[0]


def test_what_makes_no_key_is_said(call) -> None:
    with pytest.raises(BadRequest, match="small letters"):
        call("keys", "create", "Ada Quill")
    with pytest.raises(NotFound):
        call("keys", "revoke", "nobody00")
    assert call("keys", "create", "ada", "--scope", "everything").exit_code == 2


def test_disputes_are_listed_and_resolved(call, db, make_article) -> None:
    article = make_article("one")
    with db.transaction() as conn:
        articles.add(conn, article, stages=[])
        annotations.start_run(conn, RUN, {})
        made = store.add(conn, "ada", [], note="", expires_at=None)
        key = Key(key_id=keys.key_id(made), owner="ada", scopes=frozenset(), expires_at=None)
        label = Label(
            article_id=article.article_id, content_sha256=article.content_sha256,
            run_id=RUN.run_id, codebook_version="v1", codebook_digest="d" * 64, stage="lean",
            scope="article", sentence=None,
        )  # fmt: skip
        said = {"wrong": "label", "suggested_label": "center", "suggested_score": None, "reason": "even"}  # fmt: skip
        number = disputes.dispute(conn, label, said, key)
    shown = call("disputes", "list").stdout
    assert "human:ada" in shown
    assert "rather center" in shown
    call("disputes", "resolve", str(number), "--upheld", "--note", "so it is", "--by", "bo")
    assert call("disputes", "list").stdout == ""
    (row,) = json.loads(call("disputes", "list", "--all", "--json").stdout)
    assert (row["outcome"], row["note"], row["resolved_by"]) == ("upheld", "so it is", "human:bo")
    with pytest.raises(NotFound):
        call("disputes", "resolve", "99", "--declined", "--note", "which?")
    with pytest.raises(BadRequest):
        call("disputes", "resolve", str(number), "--declined", "--note", " ")
    assert call("disputes", "resolve", str(number), "--note", "neither").exit_code == 2


def test_forget_says_what_goes_and_does_it(call, db, make_article) -> None:
    article = make_article("one")
    with db.transaction() as conn:
        articles.add(conn, article, stages=["label"])
    named = ("forget", article.article_id, "--reason", "asked for")
    assert "1 revisions" in call(*named, "--dry-run").stdout
    done = json.loads(call(*named, "--json").stdout)
    assert done["gone"]["revisions"] == 1
    assert "before" in call(*named).stdout
    with db.transaction() as conn:
        assert articles.known(conn, article.article_id) == []
