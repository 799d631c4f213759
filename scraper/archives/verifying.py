"""Does the archive still hold what the rows say? Reads all of it once, at constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import NotFound
from newsroom.store import archive
from newsroom.store.archive import ArchivedRow
from scraper.archives import warc
from scraper.archives.warc import Damage, LocalFile, Response

PART = 1000
PROBLEMS_MAX = 100


@dataclass(slots=True)
class VerifyReport:
    """``problems`` are lines for people, of which the first hundred are kept.

    ``pages`` rows were compared; ``spare`` records have no row: their page was refused a place in
    the database (a crash, say) and a replay brings it in. ``elsewhere`` rows came by replay from
    files that lie in another folder.
    """

    files: int = 0
    records: int = 0
    pages: int = 0
    spare: int = 0
    elsewhere: int = 0
    wrong: int = 0
    problems: list[str] = field(default_factory=list)

    def problem(self, line: str) -> None:
        """Count one and keep the line while there is room."""
        self.wrong += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(line)


def files_of(folder: Path) -> list[Path]:
    """The WARC files of an archive folder, oldest first by name."""
    return sorted(folder.glob("*.warc.gz"))


def verify(
    db: Database,
    files: Sequence[Path],
    *,
    whole: bool,
    progress: Callable[[int], object] | None = None,
) -> VerifyReport:
    """Check digests of every record, and every row that names one of the files.

    With ``whole`` also look for rows that name a file that is none of these.
    """
    report = VerifyReport()
    for path in files:
        report.files += 1
        _verify_file(db, path, report, progress)
    if whole:
        names = {path.name for path in files}
        with db.transaction() as conn:
            absent = [rows for rows in archive.files(conn) if rows.file not in names]
        for rows in absent:
            if rows.elsewhere:
                report.elsewhere += rows.pages
            else:
                report.problem(f"{rows.file}: not in the archive, but {rows.pages} pages name it")
    return report


def find(db: Database, folder: Path, page_id: str) -> Response:
    """The archived answer of a page.

    Raises NotFound ``page-unknown`` or ``page-not-archived``, Refused ``archive-broken``.
    """
    with db.transaction() as conn:
        place = archive.place(conn, page_id)
    if place is None:
        raise NotFound("page-not-archived", f"page {page_id} was stored without an archive")
    path = folder / place[0]
    if not path.is_file():
        raise NotFound("page-not-archived", f"page {page_id} lies in {place[0]}, not in {folder}")
    return warc.at(LocalFile(path), place[1])


def _verify_file(
    db: Database, path: Path, report: VerifyReport, progress: Callable[[int], object] | None
) -> None:
    """Records and rows side by side, both by offset."""
    rows = _rows(db, path.name)
    row = next(rows, None)
    for found in warc.responses(LocalFile(path), html_only=False):
        while row is not None and row.offset < found.offset:
            report.problem(f"{path.name}:{row.offset}: no record for page {row.page_id}")
            report.pages += 1
            row = next(rows, None)
        if isinstance(found, Damage):
            report.problem(str(found))
            continue
        report.records += 1
        if progress is not None:
            progress(1)
        if found.refused is not None:
            report.problem(f"{path.name}:{found.offset}: {found.refused.message}")
        named = False
        while row is not None and row.offset == found.offset:
            named = True
            report.pages += 1
            if found.refused is None:
                for line in _differences(row, found):
                    report.problem(f"{path.name}:{row.offset}: page {row.page_id}: {line}")
            row = next(rows, None)
        report.spare += not named
    while row is not None:
        report.problem(f"{path.name}:{row.offset}: no record for page {row.page_id}")
        report.pages += 1
        row = next(rows, None)


def _rows(db: Database, file: str) -> Iterator[ArchivedRow]:
    """Pages that name this file, by offset; no transaction stays open while records are read."""
    last: ArchivedRow | None = None
    while True:
        with db.transaction() as conn:
            part = archive.rows(conn, file, last, PART)
        yield from part
        if len(part) < PART:
            return
        last = part[-1]


def _differences(row: ArchivedRow, found: Response) -> Iterator[str]:
    if ids.body_sha256(found.body) != row.body_sha256:
        yield f"another body ({len(found.body)} bytes, the row says {row.body_bytes})"
    if found.status != row.status:
        yield f"status {found.status}, the row says {row.status}"
    if found.url != row.final_url:
        yield f"address {found.url}, the row says {row.final_url}"
