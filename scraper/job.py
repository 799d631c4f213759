"""What a crawl is asked to do, as one line of JSON between two processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from newsroom.errors import Misconfigured
from newsroom.records import Publisher, Via
from newsroom.settings import Settings
from scraper.registry import RESERVED_SUFFIXES, Outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One crawl."""

    settings: Settings
    outlets: tuple[Outlet, ...]
    demo_address: tuple[str, int] | None
    revisit: bool
    limit: int | None
    doors: tuple[Via, ...]
    timeout_s: float | None

    def demo_hosts(self) -> dict[str, tuple[str, int]]:
        """Where each demo name leads. Misconfigured for a demo outlet on a name that may exist."""
        hosts: dict[str, tuple[str, int]] = {}
        for outlet in self.outlets:
            if not outlet.publisher.demo:
                continue
            domain = outlet.publisher.domain
            if not domain.endswith(RESERVED_SUFFIXES):
                raise Misconfigured("demo-host", f"{domain} is no reserved name")
            if self.demo_address is None:
                raise Misconfigured("demo-host", f"{domain} exists only while `newsroom demo` runs")
            hosts[domain] = self.demo_address
        return hosts


def encode(job: Job) -> str:
    """One line. It carries the database address: through a pipe, never as an argument."""
    settings = job.settings.model_dump(mode="json", exclude={"redis_url", "broker_url"})
    settings["database_url"] = job.settings.require_database()
    return json.dumps(
        {
            "settings": settings,
            "outlets": [asdict(outlet) for outlet in job.outlets],
            "demo_address": job.demo_address,
            "revisit": job.revisit,
            "limit": job.limit,
            "doors": job.doors,
            "timeout_s": job.timeout_s,
        }
    )


def decode(line: str) -> Job:
    """The job back."""
    raw = json.loads(line)
    address = raw["demo_address"]
    return Job(
        settings=Settings.model_validate(raw["settings"]),
        outlets=tuple(_outlet(outlet) for outlet in raw["outlets"]),
        demo_address=None if address is None else (str(address[0]), int(address[1])),
        revisit=raw["revisit"],
        limit=raw["limit"],
        doors=tuple(Via(door) for door in raw["doors"]),
        timeout_s=raw["timeout_s"],
    )


def _outlet(raw: dict[str, object]) -> Outlet:
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in raw.items()}
    publisher = values.pop("publisher")
    assert isinstance(publisher, dict)
    return Outlet(publisher=Publisher(**publisher), **values)  # type: ignore[arg-type]
