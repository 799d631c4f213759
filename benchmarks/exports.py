"""How fast tables leave, beside a page loop and Datasette: ``python -m benchmarks.exports``.

On a corpus of benchmarks/made_up_corpus.py, at the size that ``--articles`` says:

- every table in every format, rows a second, from the first statement to the folder in its place;
- how much memory an export adds to its process (the peak of a child, less what it had after a small
  export), at a tenth of the articles and at all of them;
- the annotations as CSV against reading the same rows through our own keyset pages, of 200 rows
  each, over HTTP (``--pages`` of them, since all would take hours at full size) and from the store;
- the same against Datasette's CSV stream of the same rows, from an SQLite file made of our CSV, if
  ``--datasette`` names a Python that has it; the file has no other table, and Datasette's largest
  page is raised to 20,000 rows, which is faster than its default.

Ratios are to the slower of two exports, one before and one after what is compared. Writes
``benchmarks/results/exports/exports.json``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from api.app import create_app
from api.exports import asked, folder, tables
from benchmarks import made_up_corpus
from newsroom import migrate, stack
from newsroom.db import Database
from newsroom.settings import load
from newsroom.store.reading import annotations
from newsroom.store.reading.where import Where

RESULTS = Path(__file__).parent / "results" / "exports"
PAGE = 200
TIMES_PAGES, TIMES_DATASETTE, MEMORY_MB = 10, 5, 20


def export(url: str, target: Path, **values: object) -> tuple[int, float]:
    """Rows of the first table, and seconds."""
    with Database(url, size_max=1) as database:
        began = time.perf_counter()
        plan = asked.plan(database, asked.understood(values))
        made = folder.make(database, plan, target)
        return made.files[0].rows or 0, time.perf_counter() - began


def speed(url: str, home: Path) -> int:
    """Rows a second of the annotations as CSV, just now: others are compared with it."""
    target = home / "out" / "speed"
    rows, seconds = export(url, target, tables=["annotations"], format="csv")
    shutil.rmtree(target)
    return round(rows / seconds)


def peak(url: str, target: Path, form: str, until: str) -> dict[str, float]:
    """In a child: what the export of annotations up to a day adds to the process, in MB."""
    few = {"tables": ["annotations"], "format": form, "published_to": "2025-11-01"}
    export(url, target / "small", **few)  # libraries are loaded, connections were made
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = status("VmRSS")
    rows, seconds = export(url, target / "large", **(few | {"published_to": until}))
    return {
        "rows": rows,
        "rows_per_s": round(rows / seconds),
        "added_mb": round((status("VmHWM") - before) / 1000, 1),
    }


def status(name: str) -> int:
    """Kilobytes of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise LookupError(name)


def in_child(url: str, home: Path, form: str, until: str) -> dict[str, float]:
    target = Path(tempfile.mkdtemp(dir=home))
    command = [sys.executable, "-m", "benchmarks.exports", "--peak", url, str(target), form, until]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    shutil.rmtree(target)
    return json.loads(done.stdout)


def store_loop(url: str, pages: int) -> dict[str, float]:
    """Rows a second of keyset pages read from the store."""
    rows = 0
    with Database(url, size_max=1) as database:
        began = time.perf_counter()
        where = Where(values={"run_id": made_up_corpus.RUN})
        for _ in range(pages):
            with database.transaction() as conn:
                page = annotations.page(conn, where, order="annotation_id", rows=PAGE)
            rows += len(page)
            if not page:
                break
            where = Where(values={"run_id": made_up_corpus.RUN}).and_after(
                "after_oldest", after_id=page[-1]["annotation_id"]
            )
        seconds = time.perf_counter() - began
    return {"rows": rows, "rows_per_s": round(rows / seconds)}


def http_loop(url: str, pages: int) -> dict[str, float]:
    """Rows a second of the API's pages over a loopback socket."""
    app = create_app(load({"DATABASE_URL": url}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    rows, cursor = 0, None
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        while not server.started:
            time.sleep(0.05)
        began = time.perf_counter()
        for _ in range(pages):
            parameters = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            answer = client.get("/v1/annotations", params=parameters).raise_for_status().json()
            rows += len(answer["data"])
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        seconds = time.perf_counter() - began
    server.should_exit = True
    thread.join()
    return {"rows": rows, "rows_per_s": round(rows / seconds)}


def datasette(python: str, table: Path, home: Path) -> dict[str, Any]:
    """Rows a second of Datasette's stream of the rows of a CSV of ours."""
    file = home / "annotations.db"
    kinds = {"integer": "INTEGER", "number": "REAL"}
    (declared,) = tables.chosen(["annotations"])
    columns = ", ".join(
        f"{name} {kinds.get(kind, 'TEXT')}" + (" PRIMARY KEY" if name == declared.key[0] else "")
        for name, kind in declared.kinds
    )
    with sqlite3.connect(file) as lite, table.open(newline="") as source:
        lite.execute(f"CREATE TABLE annotations ({columns})")
        rows = csv.reader(source)
        next(rows)
        marks = ", ".join("?" * len(declared.columns))
        lite.executemany(
            f"INSERT INTO annotations VALUES ({marks})", ([c or None for c in r] for r in rows)
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "datasette", str(file), "--port", str(port)]
    command += ["--setting", "max_returned_rows", "20000", "--setting", "max_csv_mb", "0"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                about = httpx2.get(f"{address}/-/versions.json").json()
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        streamed = lines = 0
        began = time.perf_counter()
        path = f"{address}/annotations/annotations.csv?_stream=on&_size=max"
        with httpx2.stream("GET", path, timeout=600) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                streamed += len(chunk)
                lines += chunk.count(b"\n")
        seconds = time.perf_counter() - began
    finally:
        server.terminate()
        server.wait()
    return {
        "version": about["datasette"]["version"],
        "rows": lines - 1,
        "bytes": streamed,
        "rows_per_s": round((lines - 1) / seconds),
    }


def measure(url: str, home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    by_table: dict[str, dict[str, Any]] = {}
    for name in tables.ASKED:
        for form in asked.FORMATS:
            target = home / "out" / f"{name}-{form}"
            rows, seconds = export(url, target, tables=[name], format=form)
            file = target / f"{tables.chosen([name])[0].name}.{form}"
            by_table.setdefault(name, {})[form] = {
                "rows": rows,
                "bytes": file.stat().st_size,
                "rows_per_s": round(rows / seconds),
            }
            print(name, form, by_table[name][form], file=sys.stderr)
            if (name, form) != ("annotations", "csv"):
                shutil.rmtree(target)
    memory = {
        form: {
            share: in_child(url, home, form, until)
            for share, until in (("tenth", "2025-12-07"), ("all", "2026-11-01"))
        }
        for form in asked.FORMATS
    }
    ours = [speed(url, home)]
    over_http, from_store = http_loop(url, arguments.pages), store_loop(url, arguments.pages)
    ours.append(speed(url, home))
    result: dict[str, Any] = {
        "tables": by_table,
        "memory": memory,
        "csv_around_page_loops_rows_per_s": ours,
        "page_loop_http": over_http,
        "page_loop_store": from_store,
        "times_page_loop_http": round(min(ours) / over_http["rows_per_s"], 1),
        "times_page_loop_store": round(min(ours) / from_store["rows_per_s"], 1),
    }
    if arguments.datasette:
        table = home / "out" / "annotations-csv" / "annotations.csv"
        result["datasette"] = datasette(arguments.datasette, table, home)
        around = [ours[-1], speed(url, home)]
        result["csv_around_datasette_rows_per_s"] = around
        slowest = min(around)
        result["times_datasette"] = round(slowest / result["datasette"]["rows_per_s"], 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=25_000)
    parser.add_argument("--labels", type=int, default=40)
    parser.add_argument("--pages", type=int, default=250)
    parser.add_argument("--datasette", help="a Python that has datasette")
    parser.add_argument("--peak", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        url, target, form, until = arguments.peak
        print(json.dumps(peak(url, Path(target), form, until)))
        return
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    try:
        with stack.running(home) as services:
            url = services.database_url
            migrate.upgrade(url)
            seconds = made_up_corpus.fill(
                url,
                articles=arguments.articles,
                labels=arguments.labels,
                told=lambda line: print(line, file=sys.stderr),
            )
            measured = measure(url, home, arguments)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    result = {
        "articles": arguments.articles,
        "sentence_labels": arguments.articles * arguments.labels,
        "filled_in_s": round(seconds),
        **measured,
        "targets": {
            "times_page_loop": TIMES_PAGES,
            "times_datasette": TIMES_DATASETTE,
            "added_mb": MEMORY_MB,
        },
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("psycopg", "pyarrow")},
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "exports.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
