"""The verb of takedown."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command("forget")
def forget(
    article: Annotated[str, typer.Argument(help="Article id.")],
    reason: Annotated[str, typer.Option(help="Why; it is public.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Take an article down: text, labels, quotes, vectors, memory and archived pages go.

    Its id, the time and the reason stay, and it is not taken in again.

    Example: newsroom forget 0123456789abcdef0123456789abcdef --reason "asked for by the outlet"
    """
    import json
    from dataclasses import asdict

    from annotator import takedown
    from newsroom.commands import current
    from newsroom.db import Database

    settings = current()
    archive = None if dry_run else settings.archive_dir
    with (
        Database(settings.require_database(), size_max=1) as db,
        db.transaction() as conn,
    ):
        done = takedown.forget(conn, article, reason, archive)
        if dry_run:
            conn.rollback()
    if as_json:
        print(json.dumps(asdict(done), indent=1))
        return
    if done.gone is None:
        print(f"{article} was taken down before")
        return
    gone = done.gone
    print(
        f"{article}: {gone.revisions} revisions, {gone.labels} labels, {gone.answers} answers, "
        f"{gone.vectors} vectors, {done.memories} memories, {done.erased} archived pages"
    )
    for other in gone.copies:
        print(f"it had a copy: {other}")
    for file in done.elsewhere:
        print(f"not erased, for it is not in the archive: {file}")
