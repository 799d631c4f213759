"""The client against the served API: walks, tables, errors, waits, exports, citations."""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
from datetime import UTC, date, datetime

import httpx2
import pandas as pd
import pytest
from live import live

from api import citing
from api.app import create_app
from api.exports import tasks
from newsroom.client import Newsroom
from newsroom.client.asking import problem, spelt
from newsroom.client.tables import flat
from newsroom.errors import BadRequest, Conflict, Later, Misconfigured, NotFound, Refused
from newsroom.keys import Scope
from newsroom.store import keys


@pytest.fixture(scope="module")
def address(stocked):
    with live(create_app(stocked)) as found:
        yield found


@pytest.fixture
def newsroom(address):
    with Newsroom(address) as found:
        yield found


@pytest.fixture
def exporting(filled, settings):
    """A client whose waiting makes the export that is due."""
    with filled.transaction() as conn:
        key = keys.add(conn, "ada", list(Scope), note="", expires_at=None)
    with (
        live(create_app(settings)) as found,
        Newsroom(found, key, sleep=lambda _s: tasks.run_due(filled, settings)) as client,
    ):
        yield client


def test_a_list_is_walked_to_its_end(newsroom, world, monkeypatch) -> None:
    monkeypatch.setattr("newsroom.client.rows.PAGE_ROWS", 7)
    rows = newsroom.articles()
    found = list(rows)
    assert len({row["article_id"] for row in found}) == len(found) == world.count == rows.total()
    assert found == list(rows)
    assert rows.head(9) == found[:9]
    assert rows.head(0) == []
    assert rows.meta["run"]["labeller"] == "embedded"
    assert newsroom.articles(topic="none").head() == []


def test_filters_are_those_of_the_api(newsroom, world) -> None:
    rows = newsroom.articles(
        publisher=["outlet1", "outlet2"],
        published_from=world.start.date(),
        published_to=datetime(2026, 11, 4, tzinfo=UTC),
        labelled=True,
        topic=None,
        fields=["title", "publisher_id"],
    )
    assert {row["publisher_id"] for row in rows} == {"outlet1", "outlet2"}
    assert all(set(row) == {"title", "publisher_id"} for row in rows)
    assert "topic" not in rows.address
    assert "labelled=true" in repr(rows)


def test_every_list_and_every_one(newsroom, world) -> None:
    lists = ("outlets", "articles", "annotations", "events", "stories", "front_pages", "sources",
             "refusals", "runs", "disputes", "overrides", "changes")  # fmt: skip
    for name in lists:
        rows = getattr(newsroom, name)()
        assert len(list(rows)) == rows.total(), name
    article, event, story = world.article_id(0), world.event_id("one"), world.event_id("harbour")
    assert newsroom.article(article)["article_id"] == article
    assert newsroom.labels_of(article).total() > 0
    assert newsroom.sentences(article).total() > 0
    assert newsroom.revisions(article)["data"]
    assert newsroom.placements(article).total() == 0
    assert newsroom.event(event)["event_id"] == event
    assert newsroom.members(event).total() == 3
    assert newsroom.coverage(event)["event_id"] == event
    for rows in (newsroom.facts(event), newsroom.lineage(event), newsroom.story_lineage(story)):
        assert rows.total() == len(list(rows))
    assert newsroom.story(story)["story_id"] == story
    assert newsroom.story_members(story).total() > 0
    run = newsroom.runs().head(1)[0]["run_id"]
    assert newsroom.run(run)["run_id"] == run
    assert newsroom.compare(run, world.run("embedded").run_id)["b"]["labeller"] == "embedded"
    assert newsroom.pipeline()["articles"] == world.count
    assert newsroom.quality().total() > 0
    assert newsroom.gaps(day_from="2026-11-02", day_to=date(2026, 11, 2)).total() == 5
    assert newsroom.latest_front_pages().total() == newsroom.blindspots().total() == 0
    assert newsroom.story_coverage(limit=1).total() == 1
    compared = newsroom.comparisons(a="outlet0", b="outlet1")
    assert {row["measure"] for row in compared} > {"lean", "topic"}
    assert compared.cite()["pinned"]
    for missing in (newsroom.codebook, lambda: newsroom.event_state(event),
                    lambda: newsroom.story_state(story), lambda: newsroom.front_page("none")):  # fmt: skip
        with contextlib.suppress(NotFound):
            assert isinstance(missing(), dict)


def test_a_frame_of_articles(newsroom, world) -> None:
    frame = newsroom.articles().to_pandas()
    assert len(frame) == world.count
    assert str(frame["published_at"].dtype).startswith("datetime64[")
    assert frame["published_at"].isna().sum() == 1
    assert str(frame["labels.lean"].dtype) == "Float64"
    assert str(frame["words"].dtype) == "Int64"
    assert str(frame["duplicate_of"].dtype) == "string"
    assert "labels" not in frame
    by_id = frame.set_index("article_id")["labels.lean"]
    assert by_id[world.article_id(3)] == world.lean(3)
    assert by_id[world.article_id(35)] is pd.NA  # nobody labelled it: not zero, and no number
    assert newsroom.articles(topic="none").to_pandas().empty


def test_a_polars_frame_says_the_same(newsroom, world) -> None:
    frame = newsroom.articles().to_polars()
    assert frame.height == world.count
    assert frame["published_at"].null_count() == 1
    assert str(frame.schema["published_at"]) == "Datetime(time_unit='us', time_zone='UTC')"
    theirs = newsroom.articles().to_pandas()["labels.lean"]
    assert frame["labels.lean"].null_count() == theirs.isna().sum()
    assert frame["labels.lean"].mean() == pytest.approx(float(theirs.mean()))
    assert newsroom.articles(topic="none").to_polars().is_empty()


def test_a_frame_of_trends(newsroom) -> None:
    rows = newsroom.trends(metric="lean", by=["publisher", "week"])
    frame = rows.to_pandas()
    assert list(frame)[:4] == ["publisher", "week", "n", "mean"]
    assert frame["n"].sum() == rows.meta["n"]
    assert str(frame["week"].dtype).startswith("datetime64[")


def test_rows_become_columns() -> None:
    columns, rows = flat([{"a": {"b": 1, "c": {"d": 2}}}, {"a": None, "e": [1]}])
    assert columns == ["a.b", "a.c.d", "e"]
    assert rows[0] == {"a.b": 1, "a.c.d": 2}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_missing_is_named(newsroom, library, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(Misconfigured, match=f"pip install {library}") as caught:
        getattr(newsroom.outlets(), f"to_{library}")()
    assert caught.value.code == f"{library}-missing"


def test_the_api_says_what_is_wrong(newsroom) -> None:
    with pytest.raises(BadRequest, match="did you mean topic") as caught:
        newsroom.articles(topc="Ferries").head()
    assert (caught.value.code, caught.value.field) == ("unknown-parameter", "topc")
    for call, kind, code in (
        (lambda: newsroom.article("none"), NotFound, "not-found"),
        (lambda: newsroom.article("../../readyz"), NotFound, "not-found"),
        (lambda: newsroom.articles(run="0123456789").head(), NotFound, "run-unknown"),
        (lambda: newsroom.dispute("0" * 32, "lean", "no"), Refused, "key-missing"),
        (lambda: newsroom.export("out"), Refused, "key-missing"),
        (lambda: newsroom.articles(limit=3), BadRequest, "bad-parameter"),
        (lambda: newsroom.articles(cursor="x"), BadRequest, "bad-parameter"),
        (lambda: newsroom.cite("artcles"), BadRequest, "bad-parameter"),
        (lambda: Newsroom("ftp://x"), BadRequest, "bad-address"),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.code == code


def test_what_is_no_api_is_told(address, httpserver) -> None:
    httpserver.expect_request("/v1/runs").respond_with_data("<html>")
    with Newsroom(httpserver.url_for("/")) as other, pytest.raises(Refused) as caught:
        other.runs().head()
    assert caught.value.code == "no-such-api"
    with Newsroom("http://127.0.0.1:9") as nobody, pytest.raises(Later) as away:
        nobody.runs().head()
    assert away.value.code == "api-unreachable"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, Refused), (404, NotFound), (409, Conflict), (410, Refused),
     (422, BadRequest), (429, Later), (500, Later), (502, Later)],
)  # fmt: skip
def test_errors_by_status(status, kind) -> None:
    error = problem(httpx2.Response(status, text="<html>proxy</html>"))
    assert (type(error), error.code) == (kind, f"http-{status}")


def test_a_limit_is_waited_for(stocked) -> None:
    now = [1_000_000.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    api = stocked.api.model_copy(update={"unlimited": "192.0.2.0/24", "anonymous_per_minute": 3})
    limited = create_app(stocked.model_copy(update={"api": api}), clock=lambda: now[0])
    with live(limited) as address:
        with Newsroom(address, sleep=sleep) as client:
            for _ in range(5):
                client.quality().head()
        assert waits
        assert 0 < sum(waits) <= 60
        with (
            Newsroom(address, sleep=sleep, patience_s=0) as hasty,
            pytest.raises(Later) as caught,
        ):
            for _ in range(5):
                hasty.quality().head()
    assert caught.value.code == "too-many-requests"
    assert caught.value.delay_s


def test_a_key_is_refused_as_the_api_says(address) -> None:
    with Newsroom(address, "nr_" + "x" * 49) as client, pytest.raises(Refused) as caught:
        client.runs().head()
    assert caught.value.code == "key-refused"
    assert "xxx" not in repr(client)


def test_an_export_is_whole(exporting, tmp_path, world) -> None:
    told: list[tuple[str, float | None]] = []
    made = exporting.export(
        tmp_path / "out", tables=["articles"], format="parquet", publisher="outlet1",
        published_from=date(2026, 11, 1), progress=lambda *step: told.append(step),
    )  # fmt: skip
    assert len(pd.read_parquet(made.folder / "articles.parquet")) == world.count / 4
    assert made.spec["filters"]["publisher"] == ["outlet1"]
    assert made.snapshot_id in made.citation
    assert {f.name for f in made.folder.iterdir()} == set(made.files)
    assert ("articles.parquet", 1.0) in told
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(BadRequest, match="not empty"):
        exporting.export(tmp_path / "out")
    assert exporting.fetch(made.export_id, tmp_path / "again").snapshot_id == made.snapshot_id


def test_other_bytes_are_refused(exporting, tmp_path, settings, filled) -> None:
    made = exporting.export(tmp_path / "out", tables=["articles"])
    kept = settings.exports_dir / made.export_id
    whole = (kept / "articles.csv").read_bytes()
    sums = (kept / "SHA256SUMS").read_bytes()
    # A file is not what it was; then it is, and the sums are another file's by both accounts.
    (kept / "articles.csv").write_bytes(whole.replace(b"outlet", b"outlat"))
    with pytest.raises(Refused, match=r"articles\.csv") as caught:
        exporting.fetch(made.export_id, tmp_path / "again")
    assert caught.value.code == "checksum-mismatch"
    (kept / "articles.csv").write_bytes(whole)
    other = sums.swapcase()
    (kept / "SHA256SUMS").write_bytes(other)
    digests = [hashlib.sha256(x).hexdigest() for x in (sums, other)]
    with filled.transaction() as conn:
        conn.execute("UPDATE jobs SET result = replace(result::text, %s, %s)::jsonb", digests)
    with pytest.raises(Refused, match="SHA256SUMS") as caught:
        exporting.fetch(made.export_id, tmp_path / "again")
    assert caught.value.code == "checksum-mismatch"
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".*"))


def test_an_export_that_fails_or_takes_too_long(exporting, filled, tmp_path) -> None:
    with pytest.raises(Later, match=r"fetch\('") as caught:
        exporting.export(tmp_path / "out", wait_s=0)
    assert caught.value.code == "export-unfinished"
    with filled.transaction() as conn:
        conn.execute('UPDATE jobs SET args = \'{"run": "0123456789"}\'')
        job = conn.execute("SELECT job_id FROM jobs").fetchone()["job_id"]
    with pytest.raises(Refused) as failed:
        exporting.fetch(job, tmp_path / "out")
    assert failed.value.code == "run-unknown"


def test_a_dispute_is_said(exporting, world) -> None:
    said = exporting.dispute(
        world.article_id(0), "lean", "Both sides are quoted.", suggested_label="center"
    )
    assert said["by"] == "human:ada"
    assert [d["dispute_id"] for d in exporting.disputes(state="open")] == [said["dispute_id"]]


@pytest.mark.parametrize("path", citing.KINDS)
def test_the_snippet_of_a_citation_runs(newsroom, path, world) -> None:
    kind = citing.KINDS[path]
    filters = {"metric": "tone", "by": "topic"} if path == "/v1/trends" else {}
    if path == "/v1/comparisons":
        filters = {"a": "outlet0", "b": "outlet1"}
    elif "publisher" in kind.query.model_fields:
        filters["publisher"] = ["outlet0", "outlet1"]
    rows = getattr(newsroom, kind.method)(**filters)
    found = rows.cite()
    assert found["of"] == rows.address
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(found["snippet"], path, "exec"), {})
    assert said.getvalue() == "".join(f"{row}\n" for row in rows)
    again = newsroom.cite(path, **filters)
    assert again["completeness"] == found["completeness"]


def test_parameters_are_spelt_as_the_api_reads_them() -> None:
    at = datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert spelt({"by": ["a", "b"], "publisher": ["x", "y"], "labelled": False, "as_of": at}) == [
        ("by", "a,b"), ("publisher", "x"), ("publisher", "y"), ("labelled", "false"),
        ("as_of", "2026-11-02T08:00:00+00:00"),
    ]  # fmt: skip
