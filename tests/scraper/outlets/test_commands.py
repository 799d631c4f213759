"""The verbs of the outlets, on a folder of two made-up ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, Response
from typer.testing import CliRunner

from newsroom.db import Database
from newsroom.errors import BadRequest, Later
from newsroom.records import Via
from newsroom.store import source_health
from newsroom.store.source_health import Crawled
from scraper import single
from scraper.outlets import commands as publishers_commands
from scraper.outlets import files as outlet_files
from scraper.outlets import registry, sources
from scraper.outlets.commands import app

FILE = """\
# Written from memory: no address here has been checked against the live site yet.
publisher_id = "{name}"
name = "The {name} Gazette"
domain = "{name}.com"
country = "GB"
language = "en"
timezone = "UTC"
medium = "local"
front_page = "https://www.{name}.com/"
feeds = ["https://www.{name}.com/feed"]
delay_s = 5.0
verified = false

[floors]
articles_per_day = 4
"""
LINK = "<html><a href='/story-of-the-lighthouse'>A story of the lighthouse</a></html>"
FEED = "<rss version='2.0'><channel><item><link>https://www.quay.com/story</link></item></channel></rss>"


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("harbour", "quay"):
        (tmp_path / f"{name}.toml").write_text(FILE.format(name=name))
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Response | Exception]:
    """What the sites answer: all is well at one, little at the other."""
    found: dict[str, Response | Exception] = {
        "https://www.quay.com/": HtmlResponse("https://www.quay.com/", body=LINK.encode()),
        "https://www.quay.com/feed": Response("https://www.quay.com/feed", body=FEED.encode()),
        "https://www.harbour.com/": Response("https://www.harbour.com/", status=404),
        "https://www.harbour.com/feed": Later("host-stopped", "www.harbour.com: said no"),
    }
    monkeypatch.setattr(
        single, "_ask", lambda settings, urls, outlets: {url: found[url] for url in urls}
    )
    return found


def test_list_shows_every_file(folder: Path) -> None:
    assert "harbour" in run("list").stdout
    shown = json.loads(run("list", "--json").stdout)
    assert [o["publisher"]["publisher_id"] for o in shown] == ["harbour", "quay"]
    assert shown[0]["floors"]["articles_per_day"] == 4


def test_check_names_every_address_and_asks_none() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert result.stdout.count("not asked") == 4
    assert result.stdout.count("verified = false") == 2
    assert "front-page https://www.quay.com/" in result.stdout


def test_check_live_says_how_each_address_answered(answers: dict[str, object]) -> None:
    result = run("check", "--live", "--json")
    assert result.exit_code == 1
    harbour, quay = json.loads(result.stdout)
    assert [(a["door"], a["names"], a["problem"], a["serves"]) for a in quay["addresses"]] == [
        ("front-page", 1, None, True), ("feed", 1, None, True),
    ]  # fmt: skip
    assert [a["problem"] for a in harbour["addresses"]] == [
        "answered 404", "Later: www.harbour.com: said no",
    ]  # fmt: skip


def test_a_listing_that_names_nothing_does_not_serve(answers: dict[str, object]) -> None:
    answers["https://www.quay.com/"] = HtmlResponse("https://www.quay.com/", body=b"<p>Nothing")
    answers["https://www.quay.com/feed"] = Response("https://www.quay.com/feed", body=b"<p>No feed")
    result = run("check", "quay", "--live")
    assert result.exit_code == 1
    assert "no article addresses in it" in result.stdout
    assert "neither RSS nor Atom" in result.stdout


def test_only_what_serves_is_written_as_verified_and_only_when_asked(
    answers: dict[str, object], folder: Path
) -> None:
    with pytest.raises(BadRequest, match="give both"):
        CliRunner().invoke(app, ["check", "--write"], catch_exceptions=False)
    before = (folder / "quay.toml").read_text()
    result = run("check", "quay", "--live")
    assert result.exit_code == 0
    assert "to be written: quay.toml: verified = true, verified_on = " in result.stderr
    assert (folder / "quay.toml").read_text() == before
    assert run("check", "--live", "--write").exit_code == 1
    harbour, quay = registry.load().outlets
    assert quay.verified_on == datetime.now(UTC).date()
    assert not harbour.publisher.verified
    assert f"verified on {quay.verified_on}" in run("check", "quay").stdout


def test_health_and_audit_tell_who_was_not_heard(
    db: Database, database_url: str, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishers_commands, "current", lambda: settings)
    outlets = registry.load().outlets
    at = datetime.now(UTC) - timedelta(days=1)
    sources.begin(settings, outlets, (Via.FEED,), at)
    with db.transaction() as conn:
        crawled = Crawled(publisher_id="harbour", listings={"robots": 2})
        source_health.end(conn, [crawled], started_at=at, ended_at=at)
    result = run("audit")
    assert result.exit_code == publishers_commands.EXIT_FLOOR
    assert "harbour" in result.stdout
    assert "kept-out listing-robots 2" in result.stdout
    assert "quay" in result.stdout
    assert "broken crawl-cut 1" in result.stdout
    shown = run("health", "--days", "2")
    assert shown.exit_code == 0
    assert "x·" in shown.stdout
    assert "!·" in shown.stdout
    assert f"harbour: {at.date()}: kept-out (listing-robots)" in shown.stdout
    (harbour,) = json.loads(run("health", "harbour", "--days", "2", "--json").stdout)
    assert [day["verdict"] for day in harbour["days"]] == ["kept-out", "not-crawled"]
    assert [gap["verdict"] for gap in harbour["gaps"]] == ["kept-out", "not-crawled"]
    made_up = json.loads(run("health", "--demo", "--json").stdout)
    assert [one["publisher_id"] for one in made_up] == [
        o.publisher.publisher_id for o in registry.load(demo=True).outlets
    ]
    assert len(json.loads(run("audit", "quay", "--days", "3", "--json").stdout)) == 3


def test_rate_counts_and_writes(folder: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "train").mkdir()
    table = pa.table(
        {"domain": ["quay.com"] * 12, "lean": ["left"] * 12, "date": ["2019-01-01"] * 12}
    )
    pq.write_table(table, tmp_path / "train" / "lean_allsides_articles.part0.parquet")
    shown = json.loads(run("rate", "--data", str(tmp_path), "--json").stdout)
    assert shown["harbour"] is None
    assert shown["quay"]["left"] == 12
    assert registry.load().outlets[1].reference_lean is None
    assert "left" in run("rate", "--data", str(tmp_path), "--write").stdout
    harbour, quay = registry.load().outlets
    assert harbour.reference_lean is None
    assert quay.reference_lean is not None
    assert quay.reference_lean.label == "left"
    assert outlet_files.path(quay).read_text().startswith(FILE.format(name="quay"))
