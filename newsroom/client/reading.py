"""One class with a method for everything the API serves."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from newsroom.client import exports
from newsroom.client.asking import PATIENCE_S, TIMEOUT_S, Closing, Door, Json, Value, plain, spelt
from newsroom.client.exports import Exported, Progress
from newsroom.client.rows import Rows

EXPORT_WAIT_S: Final = 3600.0


class Newsroom(Closing):
    """A Newsroom at an address. Filters have the API's names (docs/api.md) and none is checked
    here: the API refuses an unknown one with the name of the nearest.

    Lists answer with :class:`Rows`, read lazily; single things with dicts. ``None`` is no filter.
    Times may be ``date`` and ``datetime``, several values a list.

    Errors are those of :mod:`newsroom.errors` with the API's code and words: BadRequest for a wrong
    question, NotFound, Refused (not allowed, gone), Conflict, and Later where it may work another
    time. A 429 or 503 that names a wait is waited for and asked again, up to ``patience_s`` in all.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._door = Door(base_url, key, timeout_s=timeout_s, patience_s=patience_s, sleep=sleep)

    def __repr__(self) -> str:
        return f"Newsroom({self._door.base_url!r})"

    def close(self) -> None:
        """Let go of the connections."""
        self._door.close()

    # Lists that are walked.

    def outlets(self, **filters: Value) -> Rows:
        """Outlets by id, with what is stored of them."""
        return self._rows("outlets", filters)

    def articles(self, **filters: Value) -> Rows:
        """Articles in their current revision with labels, newest first."""
        return self._rows("articles", filters)

    def annotations(self, **filters: Value) -> Rows:
        """Labels of one run, each with all it takes to replay it."""
        return self._rows("annotations", filters)

    def events(self, **filters: Value) -> Rows:
        """Events, the latest first."""
        return self._rows("events", filters)

    def stories(self, **filters: Value) -> Rows:
        """Stories, the latest first."""
        return self._rows("stories", filters)

    def front_pages(self, **filters: Value) -> Rows:
        """Looks at front pages, newest first."""
        return self._rows("frontpages", filters)

    def sources(self, **filters: Value) -> Rows:
        """Days of outlets as far as they were seen, each with a verdict."""
        return self._rows("sources", filters)

    def refusals(self, **filters: Value) -> Rows:
        """Pages that are no articles, and why."""
        return self._rows("refusals", filters)

    def runs(self, **filters: Value) -> Rows:
        """Labelling configurations, newest first."""
        return self._rows("runs", filters)

    def disputes(self, **filters: Value) -> Rows:
        """Labels that somebody holds to be wrong."""
        return self._rows("disputes", filters)

    def overrides(self, **filters: Value) -> Rows:
        """Labels that people gave."""
        return self._rows("overrides", filters)

    def changes(self, **filters: Value) -> Rows:
        """The change log, newest first."""
        return self._rows("changes", filters)

    # Lists that come whole.

    def trends(self, **filters: Value) -> Rows:
        """Cells of a ``metric`` ``by`` one or two dimensions, with n and 95 % interval."""
        return self._whole("trends", filters)

    def comparisons(self, **filters: Value) -> Rows:
        """Measures of two outlets or two periods ``a`` and ``b``, and which of them differ."""
        return self._whole("comparisons", filters)

    def latest_front_pages(self, **filters: Value) -> Rows:
        """What front pages lead with now: of each outlet the newest look that came."""
        return self._whole("frontpages/latest", filters)

    def story_coverage(self, **filters: Value) -> Rows:
        """The largest stories with who covered them and who did not."""
        return self._whole("stories/coverage", filters)

    def blindspots(self) -> Rows:
        """Silences of the last judgement that are surprising."""
        return self._whole("blindspots", {})

    def gaps(self, **filters: Value) -> Rows:
        """Days from ``day_from`` to ``day_to`` on which a missing article is no absence."""
        return self._whole("sources/gaps", filters)

    def quality(self) -> Rows:
        """How good the labels are, as far as it was measured."""
        return self._whole("quality", {})

    # One article.

    def article(self, article_id: str, **filters: Value) -> Json:
        """An article with provenance, labels in force and quoted evidence."""
        return self._one("articles", article_id, **filters)

    def labels_of(self, article_id: str, **filters: Value) -> Rows:
        """Its labels in every run."""
        return self._whole(_path("articles", article_id, "annotations"), filters)

    def sentences(self, article_id: str, **filters: Value) -> Rows:
        """Its sentences with their labels, without their words."""
        return self._whole(_path("articles", article_id, "sentences"), filters)

    def revisions(self, article_id: str, **filters: Value) -> Json:
        """Its versions, what changed between two, and when each was seen."""
        return self._one("articles", article_id, "revisions", **filters)

    def placements(self, article_id: str) -> Rows:
        """Its stays on front pages."""
        return self._whole(_path("articles", article_id, "placements"), {})

    # One event or story. A retired id answers with its heir.

    def event(self, event_id: str, **filters: Value) -> Json:
        """An event with its articles and outlets."""
        return self._one("events", event_id, **filters)

    def members(self, event_id: str, **filters: Value) -> Rows:
        """Its articles: score, core or attached, and why."""
        return self._whole(_path("events", event_id, "members"), filters)

    def coverage(self, event_id: str, **filters: Value) -> Json:
        """Outlets that brought it and how; outlets that did not, and whether that says anything."""
        return self._one("events", event_id, "coverage", **filters)

    def facts(self, event_id: str, **filters: Value) -> Rows:
        """Its facts: who told them, who left them out."""
        return self._rows(_path("events", event_id, "facts"), filters)

    def event_state(self, event_id: str) -> Json:
        """Its title and where that is from, and what was drawn from its articles."""
        return self._one("events", event_id, "state")

    def lineage(self, event_id: str, **filters: Value) -> Rows:
        """What became of it, and by whom."""
        return self._rows(_path("events", event_id, "lineage"), filters)

    def story(self, story_id: str, **filters: Value) -> Json:
        """A story with its events."""
        return self._one("stories", story_id, **filters)

    def story_members(self, story_id: str, **filters: Value) -> Rows:
        """Its articles."""
        return self._whole(_path("stories", story_id, "members"), filters)

    def story_state(self, story_id: str) -> Json:
        """Amounts that changed, and who told which when."""
        return self._one("stories", story_id, "state")

    def story_lineage(self, story_id: str, **filters: Value) -> Rows:
        """What became of it, and by whom."""
        return self._rows(_path("stories", story_id, "lineage"), filters)

    # Other single answers.

    def front_page(self, snapshot_id: str) -> Json:
        """One look at a front page: what stood where."""
        return self._one("frontpages", snapshot_id)

    def run(self, run_id: str) -> Json:
        """One run with its settings."""
        return self._one("runs", run_id)

    def compare(self, a: str, b: str, *, panel: str | None = None) -> Json:
        """How two runs differ on the articles that both labelled."""
        return self._one("runs", "compare", a=a, b=b, panel=panel)

    def codebook(self, **filters: Value) -> Json:
        """The definitions behind the labels."""
        return self._one("codebook", **filters)

    def pipeline(self, **filters: Value) -> Json:
        """Counts of everything."""
        return self._one("pipeline", **filters)

    def cite(self, path: str, **filters: Value) -> Json:
        """How to cite what ``path`` (such as ``trends``) answers under these filters.

        Permalink, snapshot id, pinned call, snippet, citation text, and the completeness and
        measured quality of exactly that slice (docs/citing.md).
        """
        address = f"/v1/{path.removeprefix('/').removeprefix('v1/')}?{urlencode(spelt(filters))}"
        return self._door.get("/v1/cite", [("of", address)])

    # What needs a key.

    def dispute(self, article_id: str, stage: str, reason: str, **said: Any) -> Json:
        """Say in public that a label is wrong. Needs a key with the scope ``dispute``."""
        body = {"article_id": article_id, "stage": stage, "reason": reason, **said}
        return self._door.post("/v1/disputes", body, idempotency_key=uuid.uuid4().hex)

    def export(
        self,
        folder: str | Path,
        *,
        tables: Sequence[str] | None = None,
        progress: Progress | None = None,
        wait_s: float = EXPORT_WAIT_S,
        **filters: Value,
    ) -> Exported:
        """Make tables of a slice of the articles, and fetch them into an absent or empty folder.

        ``format`` is csv, jsonl or parquet; further filters are those of ``articles``. Needs a key
        with the scope ``export``. ``progress`` hears the step in hand and its share; without one
        there is a bar on stderr. Either every file is there as ``SHA256SUMS`` says, or nothing.

        Raises Refused ``checksum-mismatch``, ``export-expired`` and what the making of it raises;
        Later ``export-unfinished`` after ``wait_s``: :meth:`fetch` takes it up again.
        """
        folder = Path(folder)
        exports.refuse_full(folder)
        body = {name: _of_body(name, value) for name, value in filters.items() if value is not None}
        if tables is not None:
            body["tables"] = [tables] if isinstance(tables, str) else list(tables)
        asked = self._door.post("/v1/exports", body, idempotency_key=uuid.uuid4().hex)
        return self.fetch(asked["export_id"], folder, progress=progress, wait_s=wait_s)

    def fetch(
        self,
        export_id: str,
        folder: str | Path,
        *,
        progress: Progress | None = None,
        wait_s: float = EXPORT_WAIT_S,
    ) -> Exported:
        """The files of an export that was asked for before with the same key."""
        return exports.fetch(self._door, export_id, Path(folder), wait_s=wait_s, progress=progress)

    def _rows(self, path: str, filters: dict[str, Value]) -> Rows:
        return Rows(self._door, f"/v1/{path}", filters)

    def _whole(self, path: str, filters: dict[str, Value]) -> Rows:
        return Rows(self._door, f"/v1/{path}", filters, paged=False)

    def _one(self, *parts: str, **filters: Value) -> Json:
        return self._door.get(f"/v1/{_path(*parts)}", spelt(filters))


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _of_body(name: str, value: Value) -> object:
    if name == "publisher" and isinstance(value, str):
        return [value]
    several = isinstance(value, Sequence) and not isinstance(value, str)
    return [plain(one) for one in value] if several else plain(value)  # type: ignore[union-attr]
