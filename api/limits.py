"""Moving windows: how many requests a bucket has made, and whether one more is allowed.

Counted in Redis for all processes together, in one round trip for all windows of a bucket; where
Redis is away, in this process alone, so that readers are still served and nobody floods. A bucket
is a list of times, newest first: the window is full where its oldest allowed place is younger than
the window is long. What is refused is not counted. The clock is the caller's.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PREFIX: Final = "newsroom:limit:"
BUCKETS_MAX: Final = 10_000  # of one process while Redis is away; the one used longest ago goes
CONNECTIONS_MAX: Final = 16
TIMEOUT_S: Final = 0.25  # a reader must not wait for a counter
REST_S: Final = 5.0  # before Redis is asked again after it was away

# For each window: how many of the newest entries lie inside (found by halving, the list being in
# order), and how long until the oldest of those leaves. Times go as text: numbers lose digits.
SCRIPT: Final = """
local now, full, most, longest, answer = tonumber(ARGV[1]), 0, 0, 0, {0}
local size = redis.call('LLEN', KEYS[1])
for i = 2, #ARGV, 2 do
    local quota, window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
    local low, high, left = 0, math.min(quota, size), 0
    while low < high do
        local middle = math.floor((low + high) / 2)
        if now - tonumber(redis.call('LINDEX', KEYS[1], middle)) < window
        then low = middle + 1 else high = middle end
    end
    if low > 0 then left = window - (now - tonumber(redis.call('LINDEX', KEYS[1], low - 1))) end
    if low >= quota then full = 1 end
    most, longest = math.max(most, quota), math.max(longest, window)
    answer[#answer + 1] = low
    answer[#answer + 1] = tostring(left)
end
if full == 0 then
    redis.call('LPUSH', KEYS[1], ARGV[1])
    redis.call('LTRIM', KEYS[1], 0, most - 1)
    redis.call('EXPIRE', KEYS[1], math.ceil(longest))
end
answer[1] = full
return answer
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``quota`` requests within any ``window_s`` seconds."""

    name: str
    quota: int
    window_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of a policy: requests, and seconds until the oldest counted one leaves."""

    policy: Policy
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request is allowed, and what is left after it."""

    allowed: bool
    left: tuple[Left, ...]

    @property
    def wait_s(self) -> float:
        """Seconds until a request is allowed again; 0 where one is."""
        full = (w.reset_s for w in self.left if not self.allowed and not w.remaining)
        return max(full, default=0.0)

    @property
    def retry_after_s(self) -> int:
        """The same in whole seconds."""
        return ceil(self.wait_s)

    def aged(self, seconds: float) -> Verdict:
        """The same verdict later, as long as nothing that was counted has left a full window."""
        return replace(
            self, left=tuple(replace(w, reset_s=max(0.0, w.reset_s - seconds)) for w in self.left)
        )

    def headers(self) -> dict[str, str]:
        """``RateLimit`` and ``RateLimit-Policy``, draft-ietf-httpapi-ratelimit-headers-10."""
        policies = (
            f'"{w.policy.name}";q={w.policy.quota};w={w.policy.window_s}' for w in self.left
        )
        states = (f'"{w.policy.name}";r={w.remaining};t={ceil(w.reset_s)}' for w in self.left)
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}


class Local:
    """Buckets of this process."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, deque[float]] = OrderedDict()

    def hit(self, bucket: str, policies: Sequence[Policy], now: float) -> Verdict:
        """Count a request where it is allowed."""
        times = self._buckets.setdefault(bucket, deque(maxlen=max(p.quota for p in policies)))
        self._buckets.move_to_end(bucket)
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
        inside = [[t for t in list(times)[: p.quota] if now - t < p.window_s] for p in policies]
        found = [
            (len(young), p.window_s - (now - young[-1]) if young else 0.0)
            for p, young in zip(policies, inside, strict=True)
        ]
        verdict = _verdict(policies, found)
        if verdict.allowed:
            times.appendleft(now)
        return verdict


class Limits:
    """The buckets of all processes. ``away`` hears each time that Redis could not be asked."""

    def __init__(self, redis_url: str | None, away: Callable[[], object]) -> None:
        self._url = redis_url
        self._away = away
        self._local = Local()
        self._rest_until = 0.0
        self._full: OrderedDict[str, tuple[float, Verdict]] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._script: Any = None

    async def hit(self, bucket: str, policies: Sequence[Policy], now: float) -> Verdict:
        """Count a request where it is allowed, here alone if Redis is away.

        A window that is full stays so until its oldest request leaves: nobody is asked until then.
        """
        if (full := self._full.get(bucket)) is not None:
            then, verdict = full
            if now - then < verdict.wait_s:
                return verdict.aged(now - then)
            del self._full[bucket]
        verdict = await self._asked(bucket, policies, now)
        if not verdict.allowed:
            self._full[bucket] = now, verdict
            if len(self._full) > BUCKETS_MAX:
                self._full.popitem(last=False)
        return verdict

    async def _asked(self, bucket: str, policies: Sequence[Policy], now: float) -> Verdict:
        if self._url is not None and now >= self._rest_until:
            try:
                return await self._shared(bucket, policies, now)
            except (RedisError, OSError, TimeoutError):
                self._rest_until = now + REST_S
        self._away()
        return self._local.hit(bucket, policies, now)

    async def _shared(self, bucket: str, policies: Sequence[Policy], now: float) -> Verdict:
        numbers = [n for p in policies for n in (p.quota, p.window_s)]
        answer = await self._ask()(keys=[PREFIX + bucket], args=[repr(now), *numbers])
        pairs = zip(answer[1::2], answer[2::2], strict=True)
        return _verdict(policies, [(int(n), float(left)) for n, left in pairs])

    def _ask(self) -> Any:
        """The script on a connection of this event loop: one cannot be used from another."""
        loop = asyncio.get_running_loop()
        if self._script is None or self._loop is not loop:
            assert self._url is not None
            pool = redis.asyncio.BlockingConnectionPool.from_url(
                self._url,
                max_connections=CONNECTIONS_MAX,
                timeout=TIMEOUT_S,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),
            )
            self._loop = loop
            self._script = redis.asyncio.Redis.from_pool(pool).register_script(SCRIPT)
        return self._script

    async def close(self) -> None:
        """Let go of the connections."""
        if self._script is not None and self._loop is asyncio.get_running_loop():
            await self._script.registered_client.aclose()
            self._script = None


def _verdict(policies: Sequence[Policy], found: Sequence[tuple[int, float]]) -> Verdict:
    """From how many requests lie in each window already, and when the oldest of them leaves."""
    allowed = all(used < p.quota for p, (used, _) in zip(policies, found, strict=True))
    return Verdict(
        allowed=allowed,
        left=tuple(
            Left(
                policy=p,
                remaining=p.quota - used - allowed,
                reset_s=reset_s if used else float(p.window_s) if allowed else 0.0,
            )
            for p, (used, reset_s) in zip(policies, found, strict=True)
        ),
    )
