from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from memory_lm import commands, spans
from memory_lm.backbone import Backbone
from newsroom.db import Database
from newsroom.errors import NotFound
from newsroom.store import articles
from newsroom.store.memory import write
from newsroom.store.memory.write import Candidate, Chunk, NewLink

root = typer.Typer()
root.add_typer(commands.app)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def call(database_url: str, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("NEWSROOM_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str):
        done = CliRunner().invoke(root, ["memory", *arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return run


@pytest.fixture
def told(db: Database, make_article):
    """An old report, the one that updates it, and an earlier revision of that."""
    old, draft = make_article("old"), make_article("new", text="Nine are dead.")
    new = make_article("new", text="Ten are dead, not nine.")
    generator = np.random.default_rng(0)
    with db.transaction() as conn:
        started = write.begin(conn)
        ids = []
        for article, day in ((old, 0), (draft, 1), (new, 1)):
            articles.add(conn, article, stages=["remember"])
            vectors = generator.standard_normal((5, 384)).astype(np.float16)
            chunk = Chunk(
                article_id=article.article_id, content_sha256=article.content_sha256, part=0,
                published_at=NOON + timedelta(days=day), text=article.text,
                key=vectors[0], vals=vectors[1:],
            )  # fmt: skip
            ids += write.add(conn, started, "encoder-1", [chunk])
        write.link(conn, started, [
            NewLink(first=ids[0], second=ids[1], relation="updates", confidence=0.8),
            NewLink(first=ids[1], second=ids[2], relation="updates", confidence=0.8),
        ])  # fmt: skip
        write.propose(conn, started, [
            Candidate(article_id=new.article_id, other_article_id=old.article_id, event_id=None,
                      relation="same-event", score=0.7)
        ])  # fmt: skip
    return old, new, ids


def test_stats_count_and_break_down(call, told) -> None:
    found = json.loads(call("stats", "--json"))
    assert (found["records"], found["articles"], found["links_updates"]) == (3, 2, 2)
    assert (found["revised"], found["candidates"], found["sequence"]) == (1, 1, 1)
    assert [month["version"] for month in found["months"]] == ["encoder-1"]
    text = call("stats")
    assert "encoder-1" in text
    assert "links updates    2" in text


def test_show_says_what_stands(call, told) -> None:
    old, new, ids = told
    found = json.loads(call("show", old.article_id, "--json"))
    [record] = found["records"]
    assert record["standing"] == {
        "valid_to": "2026-03-02T12:00:00+00:00", "superseded_by": ids[2], "withdrawn": False,
    }  # fmt: skip
    assert [item["record_id"] for item in record["chain"]] == [ids[0], ids[2]]
    assert [(link["first"], link["second"]) for link in found["links"]] == [tuple(ids[:2])]
    assert found["candidates"][0]["score"] == 0.7
    text = call("show", old.article_id)
    assert f"superseded by {ids[2]} since 2026-03-02T12:00:00+00:00" in text
    text = call("show", new.article_id)
    assert "withdrawn since" in text
    assert "live" in text
    with pytest.raises(NotFound, match="nothing of article nobody"):
        call("show", "nobody")


def test_forget_says_what_went(call, told) -> None:
    old, _, ids = told
    assert call("forget", old.article_id, "--reason", "takedown") == (
        "forgotten: 1 records, 1 links, 0 withdrawals, 1 candidate links; write 2\n"
    )
    with pytest.raises(NotFound, match="nothing of article"):
        call("forget", old.article_id)
    assert json.loads(call("stats", "--json"))["forgotten"] == 1
    assert len(ids) == 3


def test_rebuild_keeps_the_version_that_is_named_or_installed(call, told) -> None:
    kept = json.loads(call("rebuild", "--version", "encoder-1", "--json"))
    assert kept["removed"] == 0
    installed = json.loads(call("rebuild", "--json"))
    assert (installed["removed"], installed["due"]) == (3, 0)  # not yet remembered: due already
    assert installed["version"] == spans.version(Backbone.load())
    assert call("rebuild", "--days", "3") == "0 records of other versions removed, 0 articles due\n"
