"""Every variable of the system, in one frozen object built once and passed down.

Conventional names stay bare (``DATABASE_URL``, ``REDIS_URL``, ``PORT`` …); ours are
``NEWSROOM_SECTION__NAME``. Secrets may come from ``NAME_FILE``. A misspelt ``NEWSROOM_*``
variable stops the start and names the nearest real one.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from newsroom.errors import Misconfigured

PREFIX = "NEWSROOM_"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _networks(value: str) -> str:
    for part in filter(None, value.split(",")):
        ip_network(part.strip())
    return value


Networks = Annotated[str, AfterValidator(_networks)]


class Crawl(_Section):
    """How we fetch. Floors of politeness are in code; these can only be raised."""

    contact: str = Field(
        "https://newsroom.example/crawler", description="address in the user agent"
    )
    mail: str | None = Field(
        None, pattern=r"^[^\s@;()]+@[^\s@;()]+$", description="mail address in the user agent"
    )
    delay_s: float = Field(5.0, ge=5.0, le=3600, description="seconds between requests to a host")
    pages_per_outlet: int = Field(500, ge=1, le=100_000, description="page budget of one run")
    body_max_bytes: int = Field(10_000_000, ge=1_000, description="largest body after decoding")
    # Two in a row end the run for a host, within a minute of the last good page.
    timeout_s: float = Field(25.0, gt=0, le=180, description="seconds until a download is dropped")
    disk_free_min_bytes: int = Field(
        1_000_000_000, ge=0, description="free space below which nothing is fetched"
    )
    extractors: int | None = Field(
        None, ge=1, le=64, description="extracting processes of a crawl; unset: one a core"
    )
    front_page_top: int = Field(
        30, ge=0, le=500, description="articles of a front page that are fetched, by prominence"
    )
    front_page_hours: str = Field(
        "6,10,14,18,22",
        pattern=r"^(?:1?\d|2[0-3])(?:,(?:1?\d|2[0-3]))*$",
        description="hours at which front pages are looked at, in each outlet's own time",
    )
    browser: str = Field(
        "auto", description="Chromium that measures front pages: auto, off or its path"
    )


class Revisits(_Section):
    """When articles are looked at again for silent edits."""

    ages_h: str = Field(
        "0.5,2,6,24,72,168,720",
        description="hours since publication, or since the last change, at which a text is checked",
    )
    checks_max: int = Field(40, ge=0, description="looks at one article in all")
    per_outlet: int = Field(200, ge=1, description="looks at one outlet in one run")


class Work(_Section):
    """Leases, attempts and the sweeper: Postgres is the truth, the queue a doorbell."""

    lease_s: float = Field(600.0, gt=0, description="seconds a worker owns what it took")
    attempts_max: int = Field(5, ge=1, description="starts before a row is quarantined")
    batch: int = Field(32, ge=1, le=1000, description="articles one task takes at once")
    sweep_s: float = Field(30.0, gt=0, description="seconds between sweeps for due work")
    rung_max: int = Field(5000, ge=1, description="queue length at which the sweeper keeps quiet")


class Labels(_Section):
    """Which labeller and codebook make the labels that readers see by default."""

    labeller: Literal["embedded", "scripted", "vllm"] = Field(
        "embedded", description="labeller in use"
    )
    codebook: str = Field("v1", description="codebook version in use")
    sentences: bool = Field(True, description="whether every sentence is labelled as well")


class Llm(_Section):
    """The model server behind the labeller `vllm`: anything that speaks OpenAI's chat API."""

    base_url: str = Field(
        "http://127.0.0.1:8001/v1", description="address of the model server, ending in /v1"
    )
    model: str | None = Field(None, description="model asked; unset: the only one served")
    key: SecretStr | None = Field(None, description="its key, where it wants one")
    concurrency: int = Field(16, ge=1, le=512, description="questions asked at the same time")
    timeout_s: float = Field(120.0, gt=0, le=3600, description="seconds until a question is cut")
    context_tokens: int | None = Field(
        None, ge=512, description="longest prompt and answer; unset: what the server says"
    )
    draws: int = Field(
        8, ge=0, le=64, description="answers drawn for a distribution the server does not give"
    )
    datamark: bool = Field(
        True, description="whether words of an article are joined by ^ against planted orders"
    )
    questions: str = Field(
        "takeaways,topic,subtopic,news_type,lean,tone,headline",
        description="questions asked of an article, by comma (sentences: see labels)",
    )


class Memory(_Section):
    """What labels whose gate is open read of the past."""

    event_state: Literal["off", "delta", "hebbian"] = Field(
        "off", description="rule of the compressed state of an event that labels read as well"
    )


class Events(_Section):
    """Grouping of articles into events and stories."""

    window_days: int = Field(14, ge=1, le=365, description="days the nightly grouping looks back")
    linker: Literal["pointer", "similarity", "none"] = Field(
        "pointer",
        description="what gives an article its event as it comes in; none: the nightly grouping",
    )


class Api(_Section):
    """The REST API."""

    page_limit_max: int = Field(200, ge=1, le=200, description="largest page of a list")
    statement_timeout_s: float = Field(5.0, gt=0, description="longest query of a request")
    anonymous_per_minute: int = Field(
        60, ge=1, description="requests a minute of a network without a key"
    )
    anonymous_per_day: int = Field(2000, ge=1, description="requests a day of such a network")
    key_per_minute: int = Field(600, ge=1, description="requests a minute of a key")
    unlimited: Networks = Field(
        "127.0.0.0/8,::1/128",
        description="networks, by comma, whose callers no limit holds for unless they forward",
    )
    proxies: Networks = Field(
        "", description="networks, by comma, whose X-Forwarded-For is believed"
    )
    body_max_bytes: int = Field(16_384, ge=1_024, description="largest body of a request")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="address that callers see, behind a proxy; unset: the one that they ask",
    )


class Exports(_Section):
    """Exports asked for over the API. Those of the command line lie where they were asked to."""

    kept_h: float = Field(
        48.0, gt=0, le=24 * 365, description="hours for which the files of an export are kept"
    )


class Lab(_Section):
    """An endpoint that the interference lab asks as well; none by default."""

    endpoint_url: str | None = Field(
        None, description="OpenAI-compatible address, ending in /v1, that labs ask as well"
    )
    endpoint_model: str | None = Field(None, description="model asked there; unset: none is asked")
    endpoint_key: SecretStr | None = Field(None, description="its key, where it wants one")


class Settings(_Section):
    """All settings. Build with :func:`load`; never read the environment elsewhere."""

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 15+ with pgvector; unset: the embedded one"
    )
    redis_url: SecretStr | None = Field(
        None, description="Redis or Valkey; unset: the embedded one"
    )
    broker_url: SecretStr | None = Field(None, description="Celery broker; default REDIS_URL")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="log level")
    log_format: Literal["text", "json"] = Field(
        "text", description="log lines for people or machines"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8000, description="port of API and dashboard"
    )
    home: Path = Field(Path(".newsroom"), description="folder of the embedded services and archive")
    data_dir: Path | None = Field(None, description="folder of training and evaluation data")
    crawl: Crawl = Crawl()
    revisits: Revisits = Revisits()
    work: Work = Work()
    labels: Labels = Labels()
    llm: Llm = Llm()
    memory: Memory = Memory()
    events: Events = Events()
    api: Api = Api()
    exports: Exports = Exports()
    lab: Lab = Lab()

    @property
    def archive_dir(self) -> Path:
        """Folder of the WARC files."""
        return self.home / "archive"

    @property
    def exports_dir(self) -> Path:
        """Folder of the exports that were asked for over the API."""
        return self.home / "exports"

    def require_database(self) -> str:
        """The database address, or Misconfigured ``database-missing``."""
        if self.database_url is None:
            raise Misconfigured(
                "database-missing",
                "DATABASE_URL is not set: run `newsroom up` for the embedded services, "
                "or point it at a PostgreSQL 15+ with pgvector",
            )
        return self.database_url.get_secret_value()

    def require_broker(self) -> str:
        """The broker address, or Misconfigured ``broker-missing``."""
        chosen = self.broker_url or self.redis_url
        if chosen is None:
            raise Misconfigured(
                "broker-missing",
                "REDIS_URL is not set: run `newsroom up` for the embedded services, "
                "or point it at a Redis or Valkey",
            )
        return chosen.get_secret_value()


BARE = {"DATABASE_URL", "REDIS_URL", "BROKER_URL", "LOG_LEVEL", "LOG_FORMAT", "PORT"}


def variables() -> Iterator[tuple[str, str, object]]:
    """Every variable as ``(name, description, default)``, in the order of the classes."""
    for name, info in Settings.model_fields.items():
        if isinstance(info.default, _Section):
            for inner, inner_info in type(info.default).model_fields.items():
                yield (
                    f"{PREFIX}{name.upper()}__{inner.upper()}",
                    inner_info.description or "",
                    inner_info.default,
                )
        else:
            bare = name.upper()
            yield (
                bare if bare in BARE else PREFIX + bare,
                info.description or "",
                info.default,
            )


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment. Raises Misconfigured naming the variable at fault."""
    environ = os.environ if environ is None else environ
    known = {name for name, _, _ in variables()}
    tree: dict[str, object] = {}
    for given, raw in environ.items():
        base = given.removesuffix("_FILE")
        from_file = given not in known and base in known
        name, value = (base, _secret_file(given, raw)) if from_file else (given, raw)
        if name not in known:
            if name.startswith(PREFIX):
                near = difflib.get_close_matches(name, sorted(known), n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise Misconfigured("setting-unknown", f"unknown setting {name}{hint}")
            continue
        path = name.removeprefix(PREFIX).lower().split("__") if name not in BARE else [name.lower()]
        if len(path) == 1:
            tree[path[0]] = value
        else:
            section = tree.setdefault(path[0], {})
            assert isinstance(section, dict)
            section[path[1]] = value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        at = [str(part).upper() for part in first["loc"]]
        name = at[0] if len(at) == 1 and at[0] in BARE else PREFIX + "__".join(at)
        raise Misconfigured("setting-invalid", f"{name}: {first['msg']}") from error


def _secret_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured("setting-invalid", f"{name}: {error.strerror}: {path}") from error


def environ(settings: Settings) -> dict[str, str]:
    """The variables that make :func:`load` give these settings again: for child processes."""
    values: dict[str, str] = {}
    for name, _, default in variables():
        path = [name.lower()] if name in BARE else name.removeprefix(PREFIX).lower().split("__")
        value: object = settings
        for part in path:
            value = getattr(value, part)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None and value != default:
            values[name] = str(value)
    return values


def example() -> str:
    """The text of ``.env.example``: every variable with its meaning and default."""
    lines = ["# Made by `newsroom settings --example`. Unset variables take these defaults."]
    for name, description, default in variables():
        lines += ["", f"# {description}", f"#{name}={'' if default is None else default}"]
    return "\n".join(lines) + "\n"
