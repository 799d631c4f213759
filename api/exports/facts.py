"""What an export says of itself: its run, outlets, span, gaps, and how good its labels are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.exports.asked import Plan
from newsroom import measured
from newsroom.db import Conn
from newsroom.store.exporting import cut
from newsroom.store.reading import runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an export says of its slice. ``run`` is None before the first."""

    plan: Plan
    run: dict[str, Any] | None
    span: dict[str, Any]
    outlets: tuple[dict[str, Any], ...]
    languages: tuple[str, ...]
    completeness: tuple[dict[str, Any], ...]
    measures: tuple[dict[str, Any], ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return f"Newsroom export {self.plan.snapshot_id}"

    @property
    def as_of(self) -> str:
        """Its moment, as it is written everywhere."""
        return str(self.plan.spec["as_of"])

    @property
    def labeller(self) -> str:
        """Who labelled, in words."""
        if self.run is None:
            return "nobody: nothing had been labelled"
        run = self.run
        return (
            f"{run['labeller']} (revision {run['labeller_revision']}), codebook "
            f"{run['codebook_version']}, run {run['run_id']}"
        )


def learn(conn: Conn, plan: Plan) -> Facts:
    """The facts of the slice that the transaction has cut."""
    run = None if plan.run_id is None else dict(runs.named(conn, plan.run_id))
    published = measured.measured()["measures"]
    return Facts(
        plan=plan,
        run=run,
        span=cut.span(conn),
        outlets=tuple(map(dict, cut.outlets(conn, plan.as_of))),
        languages=tuple(str(row["language"]) for row in cut.languages(conn)),
        completeness=tuple(map(dict, cut.completeness(conn, plan.values()))),
        measures=_of(published, run),
    )


def _of(
    published: Iterable[dict[str, Any]], run: dict[str, Any] | None
) -> tuple[dict[str, Any], ...]:
    """What was measured of the labeller of a run."""
    return tuple(m for m in published if run is not None and m.get("labeller") == run["labeller"])
