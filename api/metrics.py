"""Requests and seconds by operation id."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one application; its own registry, so that two in a process do not meet."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "newsroom_api_requests", "Answers.", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "newsroom_api_request_seconds",
            "Seconds to the first byte of an answer.",
            ("route",),
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._limits_away = Counter(
            "newsroom_api_limits_in_process",
            "Requests counted by this process alone, because Redis is away or none is set.",
            registry=self._registry,
        )

    def limits_away(self) -> None:
        """Count a request that Redis did not count."""
        self._limits_away.inc()

    def saw(self, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)
