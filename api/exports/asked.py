"""What is asked of an export, and the snapshot that it becomes: all that decides the bytes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from api.exports import tables
from api.exports.columns import Table
from api.filters import ArticleFilters
from newsroom import ids, measured
from newsroom.db import Conn, Database
from newsroom.errors import BadRequest, Later, NotFound, Refused
from newsroom.store import exporting
from newsroom.store.exporting import cut, snapshots
from newsroom.store.reading import lineage, runs
from newsroom.store.reading.where import Where

FORMATS: Final = ("csv", "jsonl", "parquet")
DEFAULT_TABLES: Final = ["articles", "annotations", "source_health"]


def _known(value: str, known: Iterable[str], what: str) -> str:
    if value not in known:
        near = difflib.get_close_matches(value, list(known), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise ValueError(f"no {what} {value[:80]}: {hint}")
    return value


class ExportAsk(ArticleFilters):
    """Which tables of which articles, how written, as of when. Filters are those of the lists."""

    tables: list[str] = Field(
        DEFAULT_TABLES,
        min_length=1,
        max_length=len(tables.ASKED),
        description="Tables: " + ", ".join(tables.ASKED) + ".",
        examples=[["articles", "sentences"]],
    )
    format: str = Field("csv", description="csv, jsonl or parquet.", examples=["parquet"])

    @field_validator("tables")
    @classmethod
    def _tables(cls, value: list[str]) -> list[str]:
        names = {_known(name, tables.ASKED, "table") for name in value}
        return [name for name in tables.ASKED if name in names]

    @field_validator("format")
    @classmethod
    def _format(cls, value: str) -> str:
        return _known(value, FORMATS, "format")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.published_from and self.published_to and self.published_from >= self.published_to:
            raise ValueError("published_from lies behind published_to")
        if self.duplicates == "exclude":
            raise ValueError(
                "exports have all copies, marked in duplicate_of: leave duplicates out"
            )
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An export whose every choice is made. ``filters`` are those given, by the API's names."""

    tables: tuple[str, ...]
    format: Literal["csv", "jsonl", "parquet"]
    as_of: datetime
    run_id: str | None
    ledger_version: int | None
    filters: dict[str, Any]
    taken_down: int
    layout: str

    @property
    def spec(self) -> dict[str, Any]:
        """All that decides the bytes, as JSON; :func:`again` makes the plan of it."""
        return {
            "tables": list(self.tables),
            "format": self.format,
            "as_of": self.as_of.astimezone(UTC).isoformat(),
            "run_id": self.run_id,
            "ledger_version": self.ledger_version,
            "filters": self.filters,
            "taken_down": self.taken_down,
            "layout": self.layout,
        }

    @property
    def snapshot_id(self) -> str:
        """Digest of the spec: the same id, the same bytes."""
        return ids.digest("export", json.dumps(self.spec, sort_keys=True))[: ids.ID_HEX]

    @property
    def declared(self) -> tuple[Table, ...]:
        """Its tables, in the order in which they are written."""
        return tables.chosen(self.tables)

    def where(self) -> Where:
        """Which articles are in its slice."""
        asked = ArticleFilters(**self.filters, as_of=self.as_of)
        return asked.where(self.run_id, self.ledger_version)

    def values(self) -> dict[str, object]:
        """What the statements of all tables are bound to, but for the stretch."""
        asked = ArticleFilters(**self.filters)
        end = asked.published_to
        return {
            "as_of": self.as_of,
            "run_id": self.run_id,
            "version": self.ledger_version,
            "publisher": asked.publisher or None,
            "first_day": _day(asked.published_from),
            "last_day": _day(end - timedelta(microseconds=1) if end else None),
        }


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(UTC).date()


@cache
def layout() -> str:
    """Digest of what else decides bytes: the code that writes, and what it says of quality."""
    folders = (Path(__file__).parent, *map(Path, exporting.__path__))
    files = [path for folder in folders for path in sorted(folder.glob("*.*"))]
    parts = [path.read_bytes() for path in (*files, measured.FILE)]
    return ids.digest(installed("pyarrow"), *parts)[: ids.ID_HEX]


def plan(database: Database, ask: ExportAsk) -> Plan:
    """Make every choice that was left open, as of a moment of which everything is known.

    Raises NotFound ``run-unknown``; Later ``as-of-unsettled`` where writes that began before the
    moment asked for have not ended; BadRequest for filters that have no answer as of a time.
    """
    with database.transaction() as conn:
        settled = cut.settled(conn)
    as_of = ask.as_of or settled
    if as_of > settled:
        raise Later(
            "as-of-unsettled",
            f"what was begun before {as_of.isoformat()} has not ended: ask again, or leave it out",
        )
    with database.transaction() as conn:
        run = _run(conn, ask, as_of)
        made = Plan(
            tables=tuple(ask.tables),
            format=ask.format,  # type: ignore[arg-type]  # validated
            as_of=as_of,
            run_id=runs.id_of(run),
            ledger_version=lineage.version_at(conn, as_of),
            filters=_filters(ask),
            taken_down=cut.taken_down(conn),
            layout=layout(),
        )
    made.where()  # filters without an answer are refused now, not half-way
    return made


def again(database: Database, snapshot_id: str) -> Plan:
    """The plan of a snapshot that was made.

    Raises NotFound ``snapshot-unknown``; Refused ``snapshot-of-another-version`` where the code
    that writes has changed since.
    """
    with database.transaction() as conn:
        kept = snapshots.one(conn, snapshot_id)
    if kept is None:
        raise NotFound("snapshot-unknown", f"no snapshot {snapshot_id[:80]} was made here")
    if kept.spec["layout"] != layout():
        raise Refused(
            "snapshot-of-another-version",
            f"snapshot {snapshot_id} was made by another version, which writes other bytes",
        )
    said = {**kept.spec, "tables": tuple(kept.spec["tables"]), "as_of": kept.as_of}
    return Plan(**said)


def _filters(ask: ExportAsk) -> dict[str, Any]:
    chosen = {"run", "labeller", "codebook", "as_of", "tables", "format"}
    given = ask.model_dump(mode="json", exclude=chosen, exclude_defaults=True)
    if "publisher" in given:
        given["publisher"] = sorted(set(given["publisher"]))
    return given


def _run(conn: Conn, ask: ExportAsk, as_of: datetime) -> Any:
    try:
        return runs.seen(conn, **(ask.of_run() | {"as_of": as_of}))
    except NotFound as error:
        rows = runs.page(conn, after_at=None, after_id=None, rows=100)
        known = {r["run_id"] for r in rows} | {r["labeller"] for r in rows}
        near = difflib.get_close_matches(ask.run or ask.labeller or "", sorted(known), n=1)
        if not near:
            raise
        message = f"{error.message}; did you mean {near[0]}?"
        raise NotFound(error.code, message) from error


def understood(values: dict[str, Any]) -> ExportAsk:
    """What was asked, from plain values. Raises BadRequest that names the one at fault."""
    try:
        return ExportAsk.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        name = str(first["loc"][0]) if first["loc"] else None
        raise BadRequest(
            "bad-parameter", f"{name}: {said}" if name else said, field=name
        ) from error
