"""The verbs of API keys and of disputes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newsroom.keys import Scope

if TYPE_CHECKING:
    from newsroom.db import Database

keys_app = typer.Typer(help="Who may do more than read.", no_args_is_help=True)
disputes_app = typer.Typer(help="Labels that somebody holds to be wrong.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@keys_app.command("create")
def create(
    owner: Annotated[
        str, typer.Argument(help="Public name of the holder: small letters, digits, hyphens.")
    ],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do; repeat it. None: only read faster.")
    ] = None,
    days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0: it does not.")] = 365,
    note: Annotated[str, typer.Option(help="For you: who this is, and why.")] = "",
    as_json: Json = False,
) -> None:
    """Make a key and show it, once: only its digest is kept.

    Example: newsroom keys create ada --scope dispute --days 90
    """
    import re
    from datetime import UTC, datetime, timedelta

    from newsroom import keys
    from newsroom.errors import BadRequest
    from newsroom.store import keys as store

    if not re.fullmatch(keys.OWNER, owner):
        raise BadRequest("bad-owner", "a name has 1 to 40 small letters, digits and hyphens")
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with _database() as db, db.transaction() as conn:
        key = store.add(conn, owner, scope or [], note=note, expires_at=expires_at)
    if as_json:
        until = None if expires_at is None else expires_at.isoformat()
        named = {"key_id": keys.key_id(key), "owner": owner, "scopes": sorted(scope or [])}
        print(json.dumps({"key": key, **named, "expires_at": until}, indent=1))
    else:
        print(key)
        print("Keep it: it cannot be shown again.", file=sys.stderr)


@keys_app.command("list")
def list_(as_json: Json = False) -> None:
    """Every key with its holder, its scopes and the hour of its last use; never a key itself.

    Example: newsroom keys list --json
    """
    from newsroom.store import keys as store

    with _database() as db, db.transaction() as conn:
        found = store.listed(conn)
    if as_json:
        print(json.dumps([asdict(key) for key in found], indent=1, default=_plain))
        return
    for key in found:
        ends = "revoked" if key.revoked_at else f"until {key.expires_at or 'revoked'}"
        used = f"used {key.last_used_at:%Y-%m-%d %H}h" if key.last_used_at else "never used"
        print(f"{key.key_id}  {key.owner:20} {','.join(key.scopes) or '-':30} {ends}  {used}")


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="First eight characters after nr_, as listed.")],
) -> None:
    """End a key. Every process refuses it within five seconds.

    Example: newsroom keys revoke 5Tb0Qm2x
    """
    from newsroom.store import keys as store

    with _database() as db, db.transaction() as conn:
        store.revoke(conn, key_id)
    print(f"{key_id} is revoked")


@disputes_app.command("list")
def list_disputes(
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most disputes.")] = 50,
    as_json: Json = False,
) -> None:
    """Disputed labels, newest first.

    Example: newsroom disputes list --all
    """
    from newsroom.store.reading import corrections

    with _database() as db, db.transaction() as conn:
        rows = corrections.disputes(
            conn, article=None, state=None if every else "open", before=None, rows=limit
        )
    if as_json:
        print(json.dumps(rows, indent=1, default=_plain))
        return
    for row in rows:
        what = f"{row['stage']} of the {row['scope']} of {row['article_id']}"
        wanted = row["suggested_label"] or row["suggested_score"]
        better = "" if wanted is None else f", rather {wanted}"
        print(f"{row['dispute_id']}  {row['made_at']:%Y-%m-%d}  {row['by']}  {what}{better}")
        print(f"    {row['reason']}")
        if row["outcome"]:
            print(f"    {row['outcome']} by {row['resolved_by']}: {row['note']}")


@disputes_app.command("resolve")
def resolve(
    dispute_id: Annotated[int, typer.Argument(min=1, help="Number of the dispute.")],
    note: Annotated[str, typer.Option(help="What was decided, in words; it is public.")],
    upheld: Annotated[
        bool, typer.Option("--upheld/--declined", help="Whether the label is wrong.")
    ],
    by: Annotated[str | None, typer.Option(help="Who decides; the login name by default.")] = None,
) -> None:
    """Say what was decided. Deciding again adds a decision, and the last one counts.

    Example: newsroom disputes resolve 12 --upheld --note "Both sides are quoted at like length."
    """
    import getpass

    from newsroom.errors import BadRequest
    from newsroom.store import disputes

    if not 0 < len(note.strip()) <= disputes.NOTE_MAX:
        raise BadRequest("bad-note", f"a note has 1 to {disputes.NOTE_MAX} characters")
    with _database() as db, db.transaction() as conn:
        disputes.resolve(
            conn,
            dispute_id,
            "upheld" if upheld else "declined",
            note.strip(),
            f"human:{by or getpass.getuser()}",
        )
    print(f"dispute {dispute_id} is {'upheld' if upheld else 'declined'}")


def _plain(value: object) -> str:
    return str(getattr(value, "isoformat", lambda: value)())


def _database() -> Database:
    from newsroom.commands import current
    from newsroom.db import Database

    return Database(current().require_database(), size_max=1)
