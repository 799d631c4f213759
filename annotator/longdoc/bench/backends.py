"""Where agents come from, and where rows go."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from annotator.longdoc import trees
from annotator.longdoc.bench.chat import Ask, Chat
from annotator.longdoc.bench.run import Backend
from annotator.longdoc.bench.sim import Errors, Sim
from newsroom.errors import BadRequest
from newsroom.llm import Client, Reply
from newsroom.settings import Llm, Settings

T = TypeVar("T")


@contextmanager
def opened(name: str, settings: Callable[[], Settings]) -> Iterator[tuple[Backend, trees.Each]]:
    """Agents of a backend, and how a level's calls are made: a network's side by side."""
    if name == "sim":
        yield (lambda trial: Sim(errors=Errors(), seed=trial)), trees.one_by_one
        return
    chosen = settings().llm
    with ThreadPoolExecutor(chosen.concurrency) as pool, _asking(chosen) as ask:

        def each(step: Callable[[int], T], over: Iterable[int]) -> list[T]:
            return list(pool.map(step, over))

        yield (lambda trial: Chat(ask=ask, seed=_number(trial))), each


@contextmanager
def _asking(chosen: Llm) -> Iterator[Ask]:
    """One client, and the loop it lives in, for all threads that ask."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def done(coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    def ask(messages: Sequence[Mapping[str, str]], **options: Any) -> Reply:
        return done(client.chat(messages, **options))

    try:
        client = done(Client(chosen).__aenter__())
        yield ask
        done(client.__aexit__())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _number(trial: str) -> int:
    seed, number = trial.split()
    return int(seed) * 100_003 + int(number)


def save(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Rows as Parquet or JSON, by the file's ending."""
    if path.suffix == ".json":
        path.write_text(json.dumps(list(rows), indent=1) + "\n", encoding="utf-8")
    elif path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    else:
        raise BadRequest("bench-output", f"{path}: write .parquet or .json", field="out")
