"""After a takedown nothing of the article is anywhere, and everything else stands."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import eventroom
import numpy as np
import pytest
from everywhere import tables_with
from fastapi.testclient import TestClient

from annotator import takedown
from api.app import create_app
from newsroom import ids
from newsroom.errors import BadRequest, NotFound
from newsroom.keys import Key
from newsroom.records import (
    Annotation,
    Answer,
    RawPage,
    Run,
    Scope,
    Stage,
    Via,
)
from newsroom.store import annotations, answers, articles, disputes, embeddings, keys, pages
from newsroom.store.disputes import Label
from newsroom.store.memory import write
from newsroom.store.memory.write import Chunk
from scraper import intake
from scraper.archives import verifying
from scraper.archives.archive import Archive

DAY = eventroom.DAY
SENTENCE = "Quetzal Amberwick paid the harbour clerk in marzipan."
TITLE = "Amberwick and the marzipan ledger"
TEXT = f"{SENTENCE} The council heard of it at noon."
URL = "https://ledger.example/marzipan"
SECRETS = ("marzipan", "Amberwick", SENTENCE)
RUN = Run(run_id=ids.run_id("test"), labeller="test", labeller_revision="1", codebook_version="v1",
          codebook_digest="d" * 64, prompt_digest=None, code_version="test")  # fmt: skip


@pytest.fixture
def secret(db, make_article, tmp_path):
    """An article that is everywhere something of an article can be, and others beside it."""
    pid = ids.page_id(URL, "b")
    with Archive(tmp_path / "home" / "archive") as archive:
        put = [
            archive.write(
                url=url, asked_url=url, fetched_at=DAY, status=200,
                headers=[("Content-Type", "text/html")], body=body.encode(),
            )
            for url, body in (
                ("https://ledger.example/before", "<p>another page before it, as it came</p>"),
                (URL, f"<h1>{TITLE}</h1><p>{TEXT}</p>"),
                ("https://ledger.example/after", "<p>another page after it, as it came</p>"),
            )
        ]  # fmt: skip
    article = make_article(
        "marzipan", title=TITLE, text=TEXT, text_sha256=ids.text_sha256(TEXT),
        content_sha256=ids.content_sha256(TITLE, TEXT), page_id=pid, published_at=DAY,
        bylines=("Q. Amberwick",), fetched_at=DAY,
    )  # fmt: skip
    draft = replace(article, text=SENTENCE, text_sha256=ids.text_sha256(SENTENCE),
                    content_sha256=ids.content_sha256(TITLE, SENTENCE), page_id=None,
                    fetched_at=DAY - timedelta(hours=1))  # fmt: skip
    copy = make_article("copy", title="Another headline", text="Other words.", published_at=DAY)
    second = replace(copy, article_id="f" * 32, canonical_url="https://ledger.example/copy2")
    with db.transaction() as conn:
        eventroom.fill(conn)
        for offset, name in enumerate(("before", "marzipan", "after")):
            url = f"https://ledger.example/{name}"
            body = ids.body_sha256(name.encode())
            pages.add(conn, RawPage(
                page_id=ids.page_id(url, "b"), url=url, final_url=url, canonical_url=url,
                publisher_id="ledger", fetched_at=DAY, status=200, content_type="text/html",
                body_sha256=body, body_bytes=1, via=Via.FETCH,
                warc_file=put[offset].file, warc_offset=put[offset].offset, robots_rule=None,
            ))  # fmt: skip
        for one in (draft, article):
            articles.add(conn, one, stages=["label", "remember"])
        for one in (copy, second):
            articles.add(conn, one, stages=[], duplicate_of=article.article_id,
                         duplicate_reason="near-copy")  # fmt: skip
        annotations.start_run(conn, RUN, {"lean": {}})
        answer = Answer(
            answer_id="a1", stage=Stage.TAKEAWAYS, scope=Scope.ARTICLE, prompt_sha256="p",
            raw=f'{{"takeaways": "{SENTENCE}"}}', finish_reason="stop", prompt_tokens=1,
            completion_tokens=1, cached_tokens=0, duration_s=0.1, tries=1, draws=0,
        )  # fmt: skip
        answers.add(conn, RUN.run_id, [answer])
        label = Annotation(
            article_id=article.article_id, content_sha256=article.content_sha256,
            stage=Stage.TAKEAWAYS, scope=Scope.ARTICLE, label=None, score=None, confidence=None,
            text=SENTENCE, reason=f"it says: {SENTENCE}", labeller="test", labeller_revision="1",
            codebook_version="v1", run_id=RUN.run_id, answer_id="a1",
        )  # fmt: skip
        annotations.add(conn, [label])
        annotations.refuse(
            conn, RUN.run_id, article.article_id, draft.content_sha256, "x", SENTENCE
        )
        embeddings.add(conn, "e", {article.content_sha256: np.zeros(384, np.float32)})
        started = write.begin(conn)
        vectors = np.ones((5, 384), np.float16)
        write.add(conn, started, "encoder-1", [Chunk(
            article_id=article.article_id, content_sha256=article.content_sha256, part=0,
            published_at=DAY, text=TEXT, key=vectors[0], vals=vectors[1:],
        )])  # fmt: skip
        everything = sorted(row["article_id"] for row in conn.execute(
            "SELECT DISTINCT article_id FROM articles WHERE publisher_id = 'ledger'"))  # fmt: skip
        mates = [eventroom.article(n, DAY).article_id for n in range(2)]
        eventroom.regroup(
            conn, [[article.article_id, mates[0]], [mates[1], copy.article_id]], everything
        )
        conn.execute("UPDATE events SET title = %s, title_article_id = %s WHERE event_id = %s",
                     (TITLE, article.article_id, eventroom.event_of(conn, article.article_id)))  # fmt: skip
        made = keys.add(conn, "ada", [], note="", expires_at=None)
        key = Key(key_id=made[3:11], owner="ada", scopes=frozenset(), expires_at=None)
        of = Label(article_id=article.article_id, content_sha256=article.content_sha256,
                   run_id=RUN.run_id, codebook_version="v1", codebook_digest="d" * 64,
                   stage="lean", scope="article", sentence=None)  # fmt: skip
        said = {
            "wrong": "label",
            "suggested_label": None,
            "suggested_score": None,
            "reason": SENTENCE,
        }
        number = disputes.dispute(conn, of, said, key)
        disputes.resolve(conn, number, "upheld", f"so: {SENTENCE}", "human:bo")
        word = {"label": None, "score": 1.0, "reason": SENTENCE, "evidence": []}
        disputes.override(conn, of, word, key, dispute_id=number)
        snapshot = ids.snapshot_id("ledger", "now", "")
        conn.execute("INSERT INTO front_pages (snapshot_id, publisher_id, url, taken_at, status, body_sha256, "
                     "warc_file, warc_offset) VALUES (%s, 'ledger', 'u', %s, 'ok', 'b', 'f', 1)", (snapshot, DAY))  # fmt: skip
        conn.execute("INSERT INTO front_page_layouts VALUES (%s, 1, %s, 'v', 'heuristic', 'no-browser', NULL, 1, 1, "
                     "NULL, 0, 0, 1)", (snapshot, DAY))  # fmt: skip
        conn.execute("INSERT INTO front_page_links (snapshot_id, layout, position, rank, publisher_id, taken_at, "
                     "article_id, url, canonical_url, headline, kind, font_px, image, score) VALUES (%s, 1, 1, 1, "
                     "'ledger', %s, %s, 'u', 'u', %s, 'story', 1, false, 1)",
                     (snapshot, DAY, article.article_id, TITLE))  # fmt: skip
    return article


def everywhere(conn) -> dict[str, list[str]]:
    """Where something of it is, but for its address, which is what keeps it from coming again."""
    conn.execute("UPDATE pages SET url = '', final_url = '', canonical_url = '' WHERE url = %s", (URL,))  # fmt: skip
    conn.execute("UPDATE takedowns SET canonical_url = ''")
    return {text: tables_with(conn, text) for text in SECRETS}


def test_nothing_of_it_is_left(db, secret, settings) -> None:
    archive = settings.archive_dir
    with db.transaction() as conn:
        before = {re.sub(r"_\d{4}_\d\d$", "", name) for name in tables_with(conn, "arzipan")}
        conn.rollback()
    assert {"articles", "annotations", "answers", "memory_records", "disputes", "events",
            "dispute_resolutions", "run_outcomes", "front_page_links", "lineage"} <= before  # fmt: skip
    with db.transaction() as conn:
        done = takedown.forget(conn, secret.article_id, "asked for", archive)
    assert done.gone is not None
    assert (done.gone.revisions, done.gone.labels, done.gone.answers, done.gone.vectors) == (
        2,
        2,
        1,
        1,
    )
    assert (done.memories, done.erased, done.elsewhere) == (1, 1, ())
    assert len(done.gone.copies) == 2
    with db.transaction() as conn:
        assert everywhere(conn) == {text: [] for text in SECRETS}
        conn.rollback()
    for file in archive.iterdir():
        import gzip

        assert b"arzipan" not in gzip.decompress(file.read_bytes())


def test_the_others_stand(db, secret, settings) -> None:
    with db.transaction() as conn:
        takedown.forget(conn, secret.article_id, "asked for", settings.archive_dir)
    with db.transaction() as conn:
        eventroom.sound(conn)
        titles = set(eventroom.titles(conn).values())
        assert titles
        assert not any("arzipan" in title for title in titles)
        originals = conn.execute(
            "SELECT article_id, duplicate_of FROM articles WHERE title = 'Another headline' "
            "ORDER BY duplicate_of NULLS FIRST"
        ).fetchall()
        assert originals[0]["duplicate_of"] is None
        assert originals[1]["duplicate_of"] == originals[0]["article_id"]
        row = conn.execute("SELECT * FROM takedowns").fetchone()
        assert (row["article_id"], row["reason"], row["publisher_id"]) == (
            secret.article_id,
            "asked for",
            "ledger",
        )
        places = conn.execute("SELECT warc_file FROM pages ORDER BY url").fetchall()
        assert [place["warc_file"] is None for place in places] == [False, False, True]
        addresses = conn.execute(
            "SELECT count(*) AS n FROM pages WHERE url = %s", (URL,)
        ).fetchone()
        assert addresses == {"n": 1}
    report = verifying.verify(db, verifying.files_of(settings.archive_dir), whole=False)
    # Two records stand, and so do the rows that name them; bodies here are none of the rows'.
    assert (report.records, report.pages) == (2, 2)


def test_it_is_gone_for_readers_and_the_log_says_so(db, secret, settings) -> None:
    with db.transaction() as conn:
        takedown.forget(conn, secret.article_id, "asked for", settings.archive_dir)
    with TestClient(create_app(settings)) as client:
        for path in ("", "/annotations", "/sentences", "/revisions", "/placements"):
            answer = client.get(f"/v1/articles/{secret.article_id}{path}")
            assert (answer.status_code, answer.json()["code"]) == (410, "gone"), path
            assert "asked for" in answer.json()["detail"]
        (change,) = client.get("/v1/changes?kind=takedown").json()["data"]
        assert (change["article_id"], change["reason"]) == (secret.article_id, "asked for")
        ids_left = [row["article_id"] for row in client.get("/v1/articles").json()["data"]]
        assert secret.article_id not in ids_left
        assert client.get("/v1/articles/" + "0" * 32).json()["code"] == "not-found"


def test_again_it_changes_nothing_and_it_is_not_taken_in_again(db, secret, settings) -> None:
    with db.transaction() as conn:
        takedown.forget(conn, secret.article_id, "asked for", settings.archive_dir)
    with db.transaction() as conn:
        again = takedown.forget(conn, secret.article_id, "once more", settings.archive_dir)
        assert (again.gone, again.erased) == (None, 0)
        assert conn.execute("SELECT reason FROM takedowns").fetchone() == {"reason": "asked for"}
    item = intake.Incoming(
        source=URL, url=URL, publisher="ledger.example", publisher_name="The Ledger",
        found=secret, at=datetime(2026, 4, 1, tzinfo=UTC),
    )  # fmt: skip
    assert intake.take_all(db, [item]).refused == {"taken-down": 1}
    with db.transaction() as conn:
        assert articles.known(conn, secret.article_id) == []


def test_cut_before_the_end_it_can_be_done_again(db, secret, settings) -> None:
    with db.transaction() as conn:
        takedown.forget(conn, secret.article_id, "asked for", settings.archive_dir)
        conn.rollback()
    with db.transaction() as conn:
        done = takedown.forget(conn, secret.article_id, "asked for", settings.archive_dir)
    assert done.gone is not None
    assert done.erased == 1


def test_only_a_known_article_and_only_with_a_reason(db, secret) -> None:
    for article, reason, error in (
        ("0" * 32, "asked for", NotFound),
        (secret.article_id, " ", BadRequest),
    ):
        with pytest.raises(error), db.transaction() as conn:
            takedown.forget(conn, article, reason, None)


def test_lineage_still_only_grows(db, secret) -> None:
    import psycopg

    for statement in ("UPDATE lineage SET reason = 'x'", "DELETE FROM lineage"):
        with pytest.raises(psycopg.errors.RestrictViolation), db.transaction() as conn:
            conn.execute(statement)
    with pytest.raises(psycopg.errors.RestrictViolation), db.transaction() as conn:
        conn.execute("SELECT set_config('newsroom.takedown', 'on', true)")
        conn.execute("DELETE FROM lineage")
