"""Moving windows: the same in Redis and in a process, and exact."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.limits import Limits, Local, Policy

SHORT = Policy(name="minute", quota=3, window_s=60)
LONG = Policy(name="day", quota=5, window_s=600)
NOW = 1_800_000_000.0


def away() -> None:
    raise AssertionError("Redis is here")


def shared(url, bucket, times, policies=(SHORT, LONG)):
    """Counted by Redis, however long a busy machine takes over one of the answers."""

    async def run():
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("api.limits.TIMEOUT_S", 10.0)
            limits = Limits(url, away)
            try:
                return [await limits.hit(bucket, policies, t) for t in times]
            finally:
                await limits.close()

    return asyncio.run(run())


def local(times, policies=(SHORT, LONG)):
    limits = Local()
    return [limits.hit("b", policies, t) for t in times]


def allowed_by_definition(times) -> list[bool]:
    counted: list[float] = []
    said = []
    for t in times:
        yes = all(sum(t - c < p.window_s for c in counted) < p.quota for p in (SHORT, LONG))
        counted += [t] if yes else []
        said.append(yes)
    return said


gaps = st.lists(st.sampled_from([0.0, 0.25, 19.5, 20.0, 30.0, 60.0, 119.75, 600.0]), min_size=1, max_size=25)  # fmt: skip


@given(gaps)
def test_a_process_counts_by_the_definition(steps) -> None:
    times = [NOW + sum(steps[: i + 1]) for i in range(len(steps))]
    assert [v.allowed for v in local(times)] == allowed_by_definition(times)


@settings(max_examples=20, deadline=None)
@given(gaps)
def test_redis_counts_as_a_process_does(services, steps) -> None:
    times = [NOW + sum(steps[: i + 1]) for i in range(len(steps))]
    there, here = shared(services.redis_url, str(uuid.uuid4()), times), local(times)
    assert [v.allowed for v in there] == [v.allowed for v in here]
    assert [v.retry_after_s for v in there] == [v.retry_after_s for v in here]
    # What a refusal says of windows that are not full may be as old as the first one.
    assert [v for v in there if v.allowed] == [v for v in here if v.allowed]


def test_what_is_left_is_said(redis_url) -> None:
    first, second, third, fourth = shared(redis_url, "a", [NOW, NOW + 10, NOW + 20, NOW + 30])
    assert first.headers() == {
        "RateLimit-Policy": '"minute";q=3;w=60, "day";q=5;w=600',
        "RateLimit": '"minute";r=2;t=60, "day";r=4;t=600',
    }
    assert second.headers()["RateLimit"] == '"minute";r=1;t=50, "day";r=3;t=590'
    assert third.headers()["RateLimit"] == '"minute";r=0;t=40, "day";r=2;t=580'
    assert (third.allowed, third.retry_after_s) == (True, 0)
    assert fourth.headers()["RateLimit"] == '"minute";r=0;t=30, "day";r=2;t=570'
    assert (fourth.allowed, fourth.retry_after_s) == (False, 30)


def test_a_long_window_is_exact_and_forgotten_in_time(redis_url) -> None:
    import redis

    day = (Policy(name="minute", quota=60, window_s=60), Policy(name="day", quota=2000, window_s=86_400))  # fmt: skip
    said = shared(redis_url, "net", [NOW + 2 * n for n in range(2010)], day)
    assert sum(v.allowed for v in said) == 2000
    assert said[-1].retry_after_s == 86_400 - 2 * 2009
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen("newsroom:limit:net") == 2000
        assert 86_000 < client.ttl("newsroom:limit:net") <= 86_400


def test_without_redis_each_process_counts_and_says_so() -> None:
    heard = []

    async def run():
        limits = Limits("redis://127.0.0.1:1", lambda: heard.append(1))
        return [await limits.hit("b", (SHORT,), NOW + n / 100) for n in range(5)]

    assert [v.allowed for v in asyncio.run(run())] == [True, True, True, False, False]
    assert len(heard) == 4  # the second refusal asks nobody


def test_redis_is_asked_again_after_a_rest(redis_url) -> None:
    heard = []

    async def run():
        limits = Limits("redis://127.0.0.1:1", lambda: heard.append(1))
        await limits.hit("b", (SHORT,), NOW)
        limits._url, limits._script = redis_url, None
        await limits.hit("b", (SHORT,), NOW + 4)
        await limits.hit("b", (SHORT,), NOW + 5)
        await limits.close()

    asyncio.run(run())
    assert len(heard) == 2


def test_who_is_refused_costs_redis_nothing_more(redis_url) -> None:
    async def run():
        limits = Limits(redis_url, away)
        said = [await limits.hit("b", (SHORT, LONG), NOW + n) for n in range(4)]
        limits._script = None
        asked = limits._ask()
        limits._script = None  # whoever asks now fails
        limits._url = "nonsense"
        said += [await limits.hit("b", (SHORT, LONG), NOW + n) for n in (30, 59.5)]
        limits._url, limits._script = redis_url, asked
        said.append(await limits.hit("b", (SHORT, LONG), NOW + 60))
        await limits.close()
        return said

    said = asyncio.run(run())
    assert [v.allowed for v in said] == [True, True, True, False, False, False, True]
    assert [v.retry_after_s for v in said[3:6]] == [57, 30, 1]
    assert said[4].headers()["RateLimit"] == '"minute";r=0;t=30, "day";r=2;t=570'


def test_buckets_of_a_process_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr("api.limits.BUCKETS_MAX", 10)
    limits = Local()
    for n in range(50):
        limits.hit(f"b{n}", (SHORT,), NOW)
    assert len(limits._buckets) == 10
    assert limits.hit("b49", (SHORT,), NOW).left[0].remaining == 1


@pytest.mark.parametrize("quota", [1, 60])
def test_no_more_than_the_quota_gets_through_a_flood(redis_url, quota) -> None:
    policy = Policy(name="minute", quota=quota, window_s=60)

    async def run():
        limits = Limits(redis_url, away)
        try:
            said = await asyncio.gather(
                *(limits.hit("flood", (policy,), NOW + n / 1e6) for n in range(quota + 40))
            )
        finally:
            await limits.close()
        return sum(v.allowed for v in said)

    assert asyncio.run(run()) == quota
