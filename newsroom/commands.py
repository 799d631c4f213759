"""Verbs of the house: services, migrations, workers, the served address, the demo."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from newsroom import keys_commands, stack
from newsroom import settings as settings_module
from newsroom.db import Database
from newsroom.settings import Settings

app = typer.Typer()
work_app = typer.Typer(help="What is due, done or quarantined.", no_args_is_help=True)
app.add_typer(work_app, name="work")
app.add_typer(keys_commands.keys_app, name="keys")
app.add_typer(keys_commands.disputes_app, name="disputes")
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def current() -> Settings:
    """Settings, pointed at the embedded services where some are running for this home."""
    return stack.attach(settings_module.load())


@app.command()
def up(
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 1,
) -> None:
    """Start everything on this machine and stay: services, worker, schedule, API and dashboard.

    Example: newsroom up
    """
    from newsroom import site

    site.up(settings_module.load(), processes=processes)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="Exit after the summary.")] = False,
    home: Annotated[Path, typer.Option(help="Folder of the demo's data.")] = Path(".newsroom-demo"),
    llm: Annotated[
        bool, typer.Option("--llm", help="Also label some articles by a small served model.")
    ] = False,
) -> None:
    """Crawl, label, group and serve the made-up news web.

    Example: newsroom demo --once
    """
    from newsroom import demo as demo_module

    demo_module.run(settings_module.load(), home=home, once=once, llm=llm)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema.

    Example: newsroom migrate
    """
    from newsroom import migrate as migrate_module

    for version in migrate_module.upgrade(current().require_database()):
        print(version)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port; default PORT.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve API and dashboard on one port.

    Example: newsroom serve --port 8000
    """
    from newsroom import serve as serve_module

    chosen = current()
    serve_module.run(chosen, host=host, port=chosen.port if port is None else port)


@app.command()
def worker(
    queues: Annotated[
        str, typer.Option(help="Comma-separated.")
    ] = "label,memory,housekeeping,crawl,export",
    processes: Annotated[int, typer.Option(help="Processes of this worker.")] = 1,
    beat: Annotated[bool, typer.Option(help="Run the schedule inside, on a single host.")] = False,
) -> None:
    """Take work from the queues.

    Example: newsroom worker --queues label --processes 2
    """
    from newsroom import worker as worker_module

    worker_module.work(current(), queues.split(","), processes=processes, beat=beat)


@app.command()
def beat() -> None:
    """Run the schedule: one such process in a cluster.

    Example: newsroom beat
    """
    from newsroom import worker as worker_module

    worker_module.beat(current())


@app.command(name="settings")
def show_settings(
    as_json: Json = False,
    example: Annotated[bool, typer.Option(help="Print .env.example instead.")] = False,
) -> None:
    """Every setting with its value; secrets are masked.

    Example: newsroom settings --json
    """
    if example:
        print(settings_module.example(), end="")
        return
    chosen = current()
    tree = chosen.model_dump(mode="json")
    values = {}
    for name, _, _ in settings_module.variables():
        path = name.removeprefix(settings_module.PREFIX).lower().split("__")
        value: object = tree
        for part in path if name not in settings_module.BARE else [name.lower()]:
            assert isinstance(value, dict)
            value = value[part]
        values[name] = value
    if as_json:
        print(json.dumps(values, indent=1))
    else:
        for name, value in values.items():
            print(f"{name}={'' if value is None else value}")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check settings, database, migrations and broker; one line each.

    Example: newsroom doctor
    """
    from newsroom import doctor as doctor_module

    checks = doctor_module.check(current())
    if as_json:
        print(json.dumps(checks, indent=1))
    else:
        for name, answer in checks.items():
            print(f"ok   {name}" if answer == "ok" else f"FAIL {name}: {answer}")
    if any(answer != "ok" for answer in checks.values()):
        raise SystemExit(4)


@work_app.command("list")
def work_list(as_json: Json = False) -> None:
    """Rows by stage, state and error code.

    Example: newsroom work list
    """
    from newsroom.store import work

    with Database(current().require_database(), size_max=1) as db, db.transaction() as conn:
        counts = work.counts(conn)
    if as_json:
        print(json.dumps(counts, indent=1))
        return
    for row in counts:
        print(f"{row['stage']:12} {row['state']:12} {row['error_code'] or '':20} {row['n']}")


@work_app.command("retry")
def work_retry(
    code: Annotated[str | None, typer.Option(help="Only rows of this error code.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Say how many, change nothing.")] = False,
) -> None:
    """Make quarantined rows due again.

    Example: newsroom work retry --code labeller-failed
    """
    from newsroom import queue
    from newsroom.store import work

    chosen = current()
    with Database(chosen.require_database(), size_max=1) as db, db.transaction() as conn:
        if dry_run:
            rows = [r for r in work.counts(conn) if r["state"] == "quarantined"]
            n = sum(int(str(r["n"])) for r in rows if code in {None, r["error_code"]})
        else:
            n = work.reopen(conn, code)
    if n and not dry_run and not queue.ring(queue.make_app(chosen)):
        print("the broker does not answer; the sweeper will ring", file=sys.stderr)
    print(n)


def stop_on_signals() -> None:
    """SIGTERM ends us like Ctrl-C does, so that everything we started is stopped in order."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
