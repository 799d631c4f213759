"""From rows of the store to the corpus that is judged, and back to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from annotator.coverage.blindspots import Corpus, Counts, Judged
from newsroom.absences import COVERED
from newsroom.store.coverage import Verdict

Row = Mapping[str, Any]


class Gaps(Protocol):
    """Who knows on which days an outlet was not, or not well, crawled."""

    def __call__(self, publisher_ids: Sequence[str], first: date, last: date) -> Iterable[Row]:
        """Rows with ``publisher_id``, ``first_day`` and ``last_day``, dates of its own zone."""


def corpus(
    outlets: Sequence[Row],
    events: Sequence[Row],
    counts: Iterable[Row],
    gaps: Gaps,
    *,
    late_h: int,
) -> tuple[Corpus, Counts, Counts]:
    """The corpus, and for each outlet and event how many days count and how many were crawled.

    What counts are the days, in the outlet's time zone, from the first article of the event to
    ``late_h`` after the last one. Events without articles are left out.
    """
    cells = list(counts)
    living = {str(row["event_id"]) for row in cells}
    rows = [row for row in events if row["event_id"] in living]
    outlet_of = {str(row["publisher_id"]): number for number, row in enumerate(outlets)}
    event_of = {str(row["event_id"]): number for number, row in enumerate(rows)}
    shape = (len(outlets), len(rows))
    articles, copies = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for cell in cells:
        event = event_of.get(str(cell["event_id"]))
        if event is not None:
            articles[outlet_of[cell["publisher_id"]], event] = cell["articles"]
            copies[outlet_of[cell["publisher_id"]], event] = cell["copies"]
    spans = [(row["first_at"], row["last_at"] + timedelta(hours=late_h)) for row in rows]
    days, missed = _days(outlets, spans, gaps)
    built = Corpus(
        outlets=tuple(outlet_of),
        events=tuple(event_of),
        first_at=_times(row["first_at"] for row in rows),
        last_at=_times(row["last_at"] for row in rows),
        topic=np.array([row["topic"] or "" for row in rows], dtype=np.str_),
        articles=articles,
        copies=copies,
        crawled=missed == 0,
    )
    return built, days, days - missed


def verdicts(corpus: Corpus, judged: Judged, days: Counts, crawled: Counts) -> Iterator[Verdict]:
    """One for each outlet of which nothing was found, of the events that were judged."""
    wanted = (judged.verdict != "") & (judged.verdict != COVERED)
    for event, outlet in zip(*np.nonzero(wanted.T), strict=True):
        chance, q = judged.absent[outlet, event], judged.q[outlet, event]
        yield Verdict(
            event_id=corpus.events[event],
            publisher_id=corpus.outlets[outlet],
            verdict=str(judged.verdict[outlet, event]),
            expected=None if np.isnan(chance) else round(float(1 - chance), 6),
            q=None if np.isnan(q) else round(float(q), 6),
            past_events=int(judged.past[outlet, event]),
            days=int(days[outlet, event]),
            days_crawled=int(crawled[outlet, event]),
        )


def _times(times: Iterable[datetime]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    return np.array([at.astimezone(UTC).replace(tzinfo=None) for at in times], "datetime64[s]")


def _days(
    outlets: Sequence[Row], spans: Sequence[tuple[datetime, datetime]], gaps: Gaps
) -> tuple[Counts, Counts]:
    """Days of each outlet and event, [O, E], and how many of them lie in a gap."""
    shape = (len(outlets), len(spans))
    if not spans:
        return np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    # No zone is further than a day from UTC.
    first = min(start for start, _ in spans).date() - timedelta(days=1)
    last = max(end for _, end in spans).date() + timedelta(days=1)
    bad = np.zeros((len(outlets), (last - first).days + 1), np.int64)
    number = {str(row["publisher_id"]): n for n, row in enumerate(outlets)}
    for gap in gaps(list(number), first, last):
        begin, end = (gap["first_day"] - first).days, (gap["last_day"] - first).days
        bad[number[gap["publisher_id"]], begin : end + 1] = 1
    before = np.concatenate([np.zeros((len(outlets), 1), np.int64), bad.cumsum(axis=1)], axis=1)
    local: dict[str, Counts] = {}
    days, missed = np.empty(shape, np.int64), np.empty(shape, np.int64)
    for n, row in enumerate(outlets):
        zone = row["timezone"] or "UTC"
        if zone not in local:
            here = ZoneInfo(zone)
            local[zone] = np.array(
                [[(at.astimezone(here).date() - first).days for at in span] for span in spans]
            )
        begins, ends = local[zone].T
        days[n] = ends - begins + 1
        missed[n] = before[n, ends + 1] - before[n, begins]
    return days, missed
