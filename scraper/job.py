"""What a crawl is asked to do, as one line of JSON between two processes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from newsroom.errors import Misconfigured
from newsroom.records import Via
from newsroom.settings import Settings
from scraper.backfill.listings import Window
from scraper.outlets import registry
from scraper.outlets.registry import RESERVED_SUFFIXES, Outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Which part of an outlet's past is wanted, through which of its listings."""

    backfill_id: str
    door: Via
    window: Window


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
    past: Past | None = None

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
            "outlets": registry.dump(job.outlets),
            "demo_address": job.demo_address,
            "revisit": job.revisit,
            "limit": job.limit,
            "doors": job.doors,
            "timeout_s": job.timeout_s,
            "past": None if job.past is None else _dump(job.past),
        }
    )


def decode(line: str) -> Job:
    """The job back."""
    raw = json.loads(line)
    address = raw["demo_address"]
    return Job(
        settings=Settings.model_validate(raw["settings"]),
        outlets=registry.restore(raw["outlets"]),
        demo_address=None if address is None else (str(address[0]), int(address[1])),
        revisit=raw["revisit"],
        limit=raw["limit"],
        doors=tuple(Via(door) for door in raw["doors"]),
        timeout_s=raw["timeout_s"],
        past=None if raw["past"] is None else _past(raw["past"]),
    )


def _dump(past: Past) -> dict[str, str | None]:
    days = (past.window.since, past.window.until)
    since, until = (None if day is None else day.isoformat() for day in days)
    return {"id": past.backfill_id, "door": past.door, "since": since, "until": until}


def _past(raw: dict[str, str | None]) -> Past:
    days = (raw["since"], raw["until"])
    since, until = (None if day is None else date.fromisoformat(day) for day in days)
    return Past(
        backfill_id=str(raw["id"]),
        door=Via(str(raw["door"])),
        window=Window(since=since, until=until),
    )
