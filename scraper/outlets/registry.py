"""Outlets as data: one TOML file each, read strictly, found by host (docs/outlets.md).

``demo = true`` is believed only in the demo folder and only on names that RFC 2606 reserves, so
that no file anywhere can lift the guards for a host that exists.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from newsroom.errors import BadRequest, Misconfigured
from newsroom.records import Publisher
from newsroom.urls import registered_domain
from scraper.outlets.floors import DEFAULT, Floors
from scraper.outlets.reference_lean import ReferenceLean

FOLDER = Path(__file__).parents[1] / "publishers"
DEMO_FOLDER = Path(__file__).parents[1] / "demo" / "outlets"
RESERVED_SUFFIXES = (".example", ".test", ".invalid")
DELAY_FLOOR_S = 5.0  # Media Cloud's minimum between two requests to a host
EXAMPLES_MIN = 2

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Medium(StrEnum):
    """What kind of outlet it is, by what it grew out of."""

    WIRE = "wire"
    NEWSPAPER = "newspaper"
    BROADCASTER = "broadcaster"
    DIGITAL = "digital"
    MAGAZINE = "magazine"
    LOCAL = "local"


class _File(BaseModel):
    """What a publisher file may say; anything else is a spelling mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    publisher_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
    name: Text
    domain: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    timezone: Text
    medium: Medium
    front_page: str
    feeds: list[str] = []
    sitemaps: list[str] = []
    aliases: list[str] = []
    article_url: str | None = None
    examples: list[str] = []
    other_pages: list[str] = []
    delay_s: Annotated[float, Field(ge=0, le=3600)]
    verified: bool
    verified_on: date | None = None
    demo: bool = False
    floors: Floors = DEFAULT
    reference_lean: ReferenceLean | None = None

    @field_validator("medium", mode="before")
    @classmethod
    def _medium_known(cls, value: str) -> Medium:
        if value not in list(Medium):
            raise ValueError(f"none of {', '.join(Medium)}: {value}")
        return Medium(value)

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {value}") from error
        return value

    @field_validator("article_url")
    @classmethod
    def _pattern_compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return value

    @field_validator("front_page", "feeds", "sitemaps")
    @classmethod
    def _addresses(cls, value: str | list[str]) -> str | list[str]:
        for url in [value] if isinstance(value, str) else value:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError(f"not an absolute http(s) address: {url}")
        return value

    @model_validator(mode="after")
    def _pattern_tells_articles(self) -> Self:
        pattern = self.article_url
        if pattern is None:
            if self.examples or self.other_pages:
                raise ValueError("examples and other_pages say what article_url must tell apart")
            return self
        if len(self.examples) < EXAMPLES_MIN:
            raise ValueError(f"article_url needs at least {EXAMPLES_MIN} examples")
        for path in self.examples:
            if not path.startswith("/") or re.search(pattern, path) is None:
                raise ValueError(f"article_url does not match the example {path}")
        for path in ("/", urlsplit(self.front_page).path, *self.other_pages):
            if re.search(pattern, path) is not None:
                raise ValueError(f"article_url takes {path} for an article")
        return self

    @model_validator(mode="after")
    def _verified_by_someone(self) -> Self:
        if self.verified != (self.verified_on is not None) and not self.demo:
            raise ValueError("verified = true and verified_on = DATE go together")
        return self

    @model_validator(mode="after")
    def _polite_unless_demo(self) -> Self:
        if self.demo and not self.domain.endswith(RESERVED_SUFFIXES):
            raise ValueError(f"demo = true needs a reserved name ({', '.join(RESERVED_SUFFIXES)})")
        if not self.demo and self.delay_s < DELAY_FLOOR_S:
            raise ValueError(f"delay_s must be at least {DELAY_FLOOR_S:g}")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A publisher and how to reach it. ``delay_s`` is between two requests to one host.

    ``article_url`` is searched in the path of an address; it matches ``examples`` and none of
    ``other_pages``. ``floors`` say what a day should bring, ``reference_lean`` how others rated it.
    """

    publisher: Publisher
    medium: Medium = Medium.DIGITAL
    front_page: str
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    article_url: str | None = None
    examples: tuple[str, ...] = ()
    other_pages: tuple[str, ...] = ()
    delay_s: float = DELAY_FLOOR_S
    verified_on: date | None = None
    floors: Floors = DEFAULT
    reference_lean: ReferenceLean | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where its articles are found: front page, feeds, sitemaps."""
        return (self.front_page, *self.feeds, *self.sitemaps)

    @property
    def domains(self) -> tuple[str, ...]:
        """Registered domains on which this outlet publishes."""
        return (self.publisher.domain, *self.aliases)


@dataclass(frozen=True)
class Registry:
    """The outlets that are known, by id and by host."""

    outlets: tuple[Outlet, ...]

    @cached_property
    def _by_domain(self) -> dict[str, Outlet]:
        return {domain: outlet for outlet in self.outlets for domain in outlet.domains}

    def of_host(self, host: str) -> Outlet | None:
        """The outlet that a host belongs to: the longest known domain that it ends with."""
        labels = host.lower().rstrip(".").split(".")
        for cut in range(len(labels)):
            if found := self._by_domain.get(".".join(labels[cut:])):
                return found
        return None

    def of_url(self, url: str) -> Outlet | None:
        """The outlet that an address belongs to."""
        return self.of_host(urlsplit(url).hostname or "")

    def chosen(self, ids: Iterable[str]) -> tuple[Outlet, ...]:
        """The outlets named, or all. BadRequest ``outlet-unknown`` for a name that is none."""
        by_id = {outlet.publisher.publisher_id: outlet for outlet in self.outlets}
        wanted = list(ids)
        for name in wanted:
            if name not in by_id:
                known = ", ".join(sorted(by_id))
                raise BadRequest("outlet-unknown", f"no outlet {name!r}; known: {known}")
        return tuple(by_id[name] for name in wanted) if wanted else self.outlets


def load(*, demo: bool = False) -> Registry:
    """The shipped outlets, or with ``demo`` the fictional ones and nothing else."""
    return read(DEMO_FOLDER if demo else FOLDER, demo=demo)


def known() -> Registry:
    """Every outlet with a file, the fictional ones too: to name hosts by, never to fetch."""
    return Registry((*load().outlets, *load(demo=True).outlets))


_OUTLETS = TypeAdapter(tuple[Outlet, ...])


def dump(outlets: Iterable[Outlet]) -> str:
    """Outlets as JSON, for another process."""
    return _OUTLETS.dump_json(tuple(outlets)).decode()


def restore(text: str) -> tuple[Outlet, ...]:
    """The outlets of :func:`dump`."""
    return _OUTLETS.validate_json(text)


def read(folder: Path, *, demo: bool = False) -> Registry:
    """Every outlet of a folder. Misconfigured ``outlet-file`` names the file and the key."""
    outlets = [_read_file(path, demo=demo) for path in sorted(folder.glob("*.toml"))]
    if not outlets:
        raise Misconfigured("outlet-file", f"no outlet files (*.toml) in {folder}")
    seen: dict[str, str] = {}
    for outlet in outlets:
        for key in (outlet.publisher.publisher_id, *outlet.domains):
            if key in seen:
                raise Misconfigured(
                    "outlet-file",
                    f"{outlet.publisher.publisher_id}.toml: {key} already belongs to {seen[key]}",
                )
        seen |= dict.fromkeys(
            (outlet.publisher.publisher_id, *outlet.domains), outlet.publisher.publisher_id
        )
    return Registry(tuple(outlets))


def _read_file(path: Path, *, demo: bool) -> Outlet:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured("outlet-file", f"{path.name}: not TOML: {error}") from error
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise Misconfigured("outlet-file", f"{path.name}: {key}: {first['msg']}") from error
    if path.stem != file.publisher_id:
        message = f"the outlet {file.publisher_id} belongs in {file.publisher_id}.toml"
        raise Misconfigured("outlet-file", f"{path.name}: publisher_id: {message}")
    if file.demo != demo:
        message = "demo = true is allowed in the demo folder only" if file.demo else "is no demo"
        raise Misconfigured("outlet-file", f"{path.name}: demo: {message}")
    _check_hosts(path, file)
    publisher = Publisher(
        publisher_id=file.publisher_id,
        name=file.name,
        domain=file.domain,
        country=file.country,
        language=file.language,
        timezone=file.timezone,
        demo=file.demo,
        verified=file.verified,
    )
    return Outlet(
        publisher=publisher,
        medium=file.medium,
        front_page=file.front_page,
        feeds=tuple(file.feeds),
        sitemaps=tuple(file.sitemaps),
        aliases=tuple(file.aliases),
        article_url=file.article_url,
        examples=tuple(file.examples),
        other_pages=tuple(file.other_pages),
        delay_s=file.delay_s,
        verified_on=file.verified_on,
        floors=file.floors,
        reference_lean=file.reference_lean,
    )


def _check_hosts(path: Path, file: _File) -> None:
    """The front page is the outlet's own; a demo outlet has one reserved name and no other."""
    domains = {file.domain, *file.aliases}
    if file.demo:
        wrong = [
            url
            for url in (file.front_page, *file.feeds, *file.sitemaps)
            if urlsplit(url).hostname != file.domain
        ]
        wrong += file.aliases
    else:
        own = registered_domain(urlsplit(file.front_page).hostname or "") in domains
        wrong = [] if own else [file.front_page]
    if wrong:
        raise Misconfigured("outlet-file", f"{path.name}: {wrong[0]} is not on {file.domain}")
