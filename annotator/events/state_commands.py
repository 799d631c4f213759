"""Verbs of what was told: facts by outlet, and how the amounts of a story changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer()  # mounted under `newsroom events`

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("facts")
def facts(
    event_id: Annotated[str, typer.Argument(help="Event id.")],
    exclusive: Annotated[
        bool, typer.Option("--exclusive", help="Only what one outlet told and others did not.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most facts.")] = 50,
    as_json: Json = False,
) -> None:
    """What the outlets told of an event: who told each fact, who left it out, one sentence of it.

    Example: newsroom events facts 5f3a9c0e7d1b4a628c0de9f1a2b3c4d5 --exclusive
    """
    from annotator.events.commands import _database, _print_json, _table
    from newsroom.errors import NotFound
    from newsroom.store.reading import event_state

    with _database() as db, db.transaction() as conn:
        state = event_state.event(conn, event_id)
        if state is None:
            raise NotFound("state-not-made", f"no facts of {event_id[:80]}: `newsroom events told`")
        title = event_state.titles(conn, [event_id])[event_id]
        rows = event_state.facts(conn, event_id, exclusive=exclusive or None, rows=limit)
    if as_json:
        _print_json({"title": title, "state": state, "facts": rows})
        return
    print(f"{title['title']}  ({title['title_from']})")
    for one in state["takeaways"]:
        if "annotation_id" in one:
            print(f"– {one['text']}  [{one['publisher_id']}]")
    _table(
        ("no", "texts", "told by", "left out by", "sentence"),
        [
            [
                row["number"],
                row["sources"],
                ", ".join(row["outlets"]),
                ", ".join(row["left_out_by"]) or "–",
                row["quote"] or "(text no longer stored)",
            ]
            for row in rows
        ],
    )
    unread = f"; {state['unlabelled']} articles without labels" if state["unlabelled"] else ""
    print(
        f"{state['facts']} facts from {state['sentences']} sentences, {state['exclusives']} "
        f"that only one outlet is seen to have told{unread}"
    )


@app.command("timeline")
def timeline(
    story_id: Annotated[str, typer.Argument(help="Story id.")], as_json: Json = False
) -> None:
    """The amounts of a story that changed: every value, who told it when, and the latest.

    Example: newsroom events timeline 77e09c0e7d1b4a628c0de9f1a2b3c4d5
    """
    from annotator.events.commands import _database, _print_json
    from newsroom.errors import NotFound
    from newsroom.store.reading import event_state

    with _database() as db, db.transaction() as conn:
        found = event_state.timeline(conn, story_id)
    if found is None:
        raise NotFound(
            "state-not-made", f"no timeline of {story_id[:80]}: `newsroom events told`, a story id?"
        )
    if as_json:
        _print_json(found)
        return
    for slot in found:
        print(f"{slot['name']}: {slot['latest']}  ({', '.join(slot['latest_by'])})")
        for step in slot["steps"]:
            print(
                f"    {step['told_at']:%Y-%m-%d %H:%M}  {step['written']:>16}  {step['role']:7} "
                f"{step['publisher']}: {step['quote'] or '(text no longer stored)'}"
            )
    if not found:
        print("no amount of this story changed")


@app.command("told")
def told(
    since: Annotated[
        datetime | None, typer.Option(help="With an article since (UTC); default: all.")
    ] = None,
    titles: Annotated[
        bool, typer.Option("--titles", help="Ask the model server for titles as well.")
    ] = False,
) -> None:
    """Make facts and timelines of what changed. Running it again changes nothing.

    Example: newsroom events told --since 2026-03-01
    """
    from datetime import UTC

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn

    from annotator.events import state, titling
    from annotator.events.commands import _database
    from newsroom.commands import current

    start = None if since is None else since.replace(tzinfo=UTC)
    with _database() as db:
        with Progress(SpinnerColumn(), "{task.completed} made",
                      console=Console(stderr=True)) as progress:  # fmt: skip
            bar = progress.add_task("", total=None)
            done = state.refresh_changed(db, start, lambda n: progress.advance(bar, n))
        asked = titling.refresh_titles(db, current().llm, start) if titles else 0
    print(f"{done.events} events and {done.stories} stories made anew, {asked} titles asked")
