"""The gate: keys, limits and bodies, before any route."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from databases import copied
from everywhere import tables_with
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api import deps
from api.app import create_app
from newsroom import keys as form
from newsroom.db import Database
from newsroom.keys import Scope
from newsroom.settings import Settings
from newsroom.store import keys

HERE, ELSEWHERE = ("192.0.2.7", 1), ("198.51.100.7", 1)


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def address(services) -> Iterator[str]:
    """One database for all tests here: each makes keys of its own."""
    with copied(services.database_url) as found:
        yield found


@pytest.fixture
def db(address) -> Iterator[Database]:
    with Database(address, size_max=1) as database:
        yield database


@pytest.fixture
def settings(address, redis_url) -> Settings:
    return Settings(database_url=SecretStr(address), redis_url=SecretStr(redis_url))


@pytest.fixture
def serve(settings, clock):
    """A client of an API of its own, connected from an address, with other settings of the API."""

    @contextmanager
    def served(at: tuple[str, int] = HERE, **changed: Any):
        chosen = settings.model_copy(update={"api": settings.api.model_copy(update=changed)})
        with TestClient(create_app(chosen, clock=clock), client=at) as client:
            yield client

    return served


@pytest.fixture
def key(db) -> str:
    with db.transaction() as conn:
        return keys.add(conn, "ada", [Scope.DISPUTE], note="a friend", expires_at=None)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def problem(answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/v1/problems/{code}")
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "content-security-policy" in answer.headers
    return body


def test_a_network_has_so_many_requests_a_minute_and_a_day(serve, clock) -> None:
    with serve(anonymous_per_minute=3, anonymous_per_day=5) as client:
        first = client.get("/v1/version-of-nothing")
        assert first.headers["ratelimit"] == '"minute";r=2;t=60, "day";r=4;t=86400'
        assert first.headers["ratelimit-policy"] == '"minute";q=3;w=60, "day";q=5;w=86400'
        client.get("/v1/outlets")
        clock.now += 20
        client.get("/v1/outlets")
        refused = client.get("/v1/outlets")
        problem(refused, 429, "too-many-requests")
        assert refused.headers["retry-after"] == "40"
        assert refused.headers["ratelimit"] == '"minute";r=0;t=40, "day";r=2;t=86380'
        # What is not under /v1 is never counted.
        assert client.get("/healthz").status_code == 200
        assert "ratelimit" not in client.get("/version").headers
        forged = {"X-Forwarded-For": "203.0.113.9"}
        assert client.get("/v1/outlets", headers=forged).status_code == 429
        clock.now += 40
        for _ in range(2):
            assert client.get("/v1/outlets").status_code == 200
        clock.now += 60
        over = client.get("/v1/outlets")
        problem(over, 429, "too-many-requests")
        assert int(over.headers["retry-after"]) == 86_400 - 120
    with serve(at=("192.0.2.200", 9), anonymous_per_minute=3, anonymous_per_day=5) as client:
        assert client.get("/v1/outlets").status_code == 429
    with serve(at=ELSEWHERE, anonymous_per_minute=3, anonymous_per_day=5) as client:
        assert client.get("/v1/outlets").status_code == 200


def test_a_listed_proxy_says_who_asks(serve) -> None:
    with serve(at=("10.0.0.1", 1), proxies="10.0.0.0/8", anonymous_per_minute=1) as client:
        one, two = ({"X-Forwarded-For": f"203.0.{n}.9"} for n in (1, 2))
        assert client.get("/v1/outlets", headers=one).status_code == 200
        assert client.get("/v1/outlets", headers=one).status_code == 429
        assert client.get("/v1/outlets", headers=two).status_code == 200


@pytest.mark.parametrize("at", [("127.0.0.1", 1), ("in-process", 0)])
def test_this_machine_and_this_process_are_not_counted(serve, at) -> None:
    with serve(at=at, anonymous_per_minute=1) as client:
        for _ in range(3):
            answer = client.get("/v1/outlets")
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


def test_a_key_has_a_limit_of_its_own_wherever_it_is(serve, key) -> None:
    small = {"anonymous_per_minute": 1, "key_per_minute": 3}
    with serve(**small) as client:
        answer = client.get("/v1/outlets", headers=bearer(key))
        assert answer.headers["ratelimit"] == '"minute";r=2;t=60'
        assert client.get("/v1/outlets", headers=bearer(key)).status_code == 200
    with serve(at=ELSEWHERE, **small) as client:
        assert client.get("/v1/outlets", headers=bearer(key)).status_code == 200
        problem(client.get("/v1/outlets", headers=bearer(key)), 429, "too-many-requests")
        assert client.get("/v1/outlets").status_code == 200


def test_a_flood_leaves_others_alone(serve) -> None:
    with serve(anonymous_per_minute=5) as client:
        said = [client.get("/v1/outlets").status_code for _ in range(50)]
        assert (said.count(200), said.count(429)) == (5, 45)
    with serve(at=ELSEWHERE, anonymous_per_minute=5) as client:
        assert client.get("/v1/outlets").status_code == 200


def test_a_wrong_beginning_and_a_wrong_end_are_answered_alike(serve, db, key, monkeypatch) -> None:
    def with_checksum(body: str) -> str:
        return f"nr_{body}{form._check(body)}"

    body = key[3:46]
    other = "0" if body[0] != "0" else "1"
    wrong = {
        "beginning": with_checksum(other + body[1:]),
        "end": with_checksum(body[:-1] + ("0" if body[-1] != "0" else "1")),
        "checksum": key[:-1] + ("0" if key[-1] != "0" else "1"),
        "nothing": "",
    }
    compared = []
    real = keys.compare_digest
    monkeypatch.setattr(
        "newsroom.store.keys.compare_digest", lambda a, b: compared.append(1) or real(a, b)
    )
    answers = {}
    with serve() as client:
        for name, text in wrong.items():
            before = len(compared)
            answer = client.get("/v1/outlets", headers=bearer(text))
            assert answer.headers["www-authenticate"] == "Bearer"
            told = problem(answer, 401, "key-refused")
            told.pop("request_id")
            answers[name] = told
            assert len(compared) - before == (name in {"beginning", "end"})
        answers["scheme"] = client.get(
            "/v1/outlets", headers={"Authorization": f"Basic {key}"}
        ).json()
        answers["scheme"].pop("request_id")
    assert len({str(answer) for answer in answers.values()}) == 1


def test_guesses_are_counted_like_any_request(serve) -> None:
    with serve(anonymous_per_minute=2) as client:
        said = [client.get("/v1/outlets", headers=bearer(form.make())) for _ in range(3)]
    assert [a.status_code for a in said] == [401, 401, 429]


def test_a_revoked_key_is_refused_within_five_seconds_and_asked_for_once_until_then(
    serve, db, key, clock, monkeypatch
) -> None:
    asked = []
    real = keys.accepted
    monkeypatch.setattr(keys, "accepted", lambda conn, k: asked.append(1) or real(conn, k))
    with serve() as client, serve(at=ELSEWHERE) as other:
        for process in (client, other):
            assert process.get("/v1/outlets", headers=bearer(key)).status_code == 200
        with db.transaction() as conn:
            keys.revoke(conn, form.key_id(key))
        clock.now += 3.9
        client.get("/v1/outlets", headers=bearer(key))
        assert len(asked) == 2
        clock.now += 0.1
        for process in (client, other):
            problem(process.get("/v1/outlets", headers=bearer(key)), 401, "key-refused")


def test_an_expired_key_is_refused(serve, db) -> None:
    ends = datetime.now(UTC) - timedelta(seconds=1)
    with db.transaction() as conn:
        over = keys.add(conn, "ada", [], note="", expires_at=ends)
        good = keys.add(conn, "ada", [], note="", expires_at=ends + timedelta(days=1))
    with serve() as client:
        problem(client.get("/v1/outlets", headers=bearer(over)), 401, "key-refused")
        assert client.get("/v1/outlets", headers=bearer(good)).status_code == 200


def test_the_hour_of_the_last_use_is_kept(serve, db, key, clock) -> None:
    with serve() as client:
        for _ in range(3):
            client.get("/v1/outlets", headers=bearer(key))
            clock.now += 6
    with db.transaction() as conn:
        (listed,) = [k for k in keys.listed(conn) if k.key_id == form.key_id(key)]
        uses = conn.execute(
            "SELECT count(*) AS n FROM key_uses WHERE key_id = %s", (listed.key_id,)
        ).fetchone()
    assert uses == {"n": 1}
    assert listed.last_used_at is not None
    assert (listed.last_used_at.minute, listed.last_used_at.second) == (0, 0)


def test_no_table_holds_a_key(serve, db, key) -> None:
    with serve() as client:
        client.get("/v1/outlets", headers=bearer(key))
    with db.transaction() as conn:
        assert tables_with(conn, key) == []
        assert tables_with(conn, key[11:46]) == []
        assert tables_with(conn, form.key_id(key)) == ["api_keys", "key_uses"]


def test_no_log_holds_a_key(serve, key, caplog, capfd) -> None:
    wrong = form.make()
    with caplog.at_level(logging.DEBUG), serve() as client:
        for sent in (key, wrong, key[:-2]):
            client.get("/v1/outlets", headers=bearer(sent))
            client.get(f"/v1/nothing?key={sent}", headers=bearer(sent))
        client.app.state.database.close()
        assert client.get("/v1/outlets", headers=bearer(form.make())).status_code == 503
    out = capfd.readouterr()
    said = "\n".join([caplog.text, *(str(r.__dict__) for r in caplog.records), out.out, out.err])
    own = [line for line in said.splitlines() if "httpx" not in line]  # the test's own client
    for sent in (key, wrong):
        assert not [line for line in own if sent[3:] in line]


def test_without_redis_readers_are_served_and_metrics_say_so(settings, clock) -> None:
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1")})
    with TestClient(create_app(away, clock=clock), client=HERE) as client:
        for _ in range(60):
            assert client.get("/v1/problems/gone").status_code == 200
        problem(client.get("/v1/problems/gone"), 429, "too-many-requests")
        assert "newsroom_api_limits_in_process_total 61.0" in client.get("/metrics").text


@pytest.mark.parametrize("send", ["stated", "streamed", "misstated"])
def test_a_large_body_is_refused(serve, send) -> None:
    with serve(body_max_bytes=1_024) as client:
        for size, refused in ((1_024, False), (1_025, True)):
            body = b"x" * size
            content = iter([body[:700], body[700:]]) if send == "streamed" else body
            headers = {"content-length": "1_0"} if send == "misstated" else {}
            answer = client.post("/v1/disputes", content=content, headers=headers)
            if send == "misstated" or refused:
                problem(answer, 413, "body-too-large")
            else:
                problem(answer, 400, "bad-parameter")


def test_the_database_away_is_503_for_a_key_that_is_not_remembered(serve, key) -> None:
    with serve() as client:
        client.app.state.database.close()
        answer = client.get("/v1/outlets", headers=bearer(key))
        problem(answer, 503, "database-away")
        assert "retry-after" in answer.headers


def test_only_a_key_with_the_scope_may() -> None:
    from newsroom.errors import Refused

    held = form.Key(key_id="a" * 8, owner="ada", scopes=frozenset({Scope.DISPUTE}), expires_at=None)
    assert deps.require(held, Scope.DISPUTE) is held
    with pytest.raises(Refused) as caught:
        deps.require(held, Scope.ANNOTATE)
    assert caught.value.code == "scope-missing"
    with pytest.raises(Refused) as caught:
        deps.require(None, Scope.DISPUTE)
    assert caught.value.code == "key-missing"
