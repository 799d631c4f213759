"""How a served model keeps the form of its answers, and what a question costs.

Run against any server: ``NEWSROOM_LLM__BASE_URL=… python -m benchmarks.served_model --name vllm-cpu
[--seconds 600]``. Questions of the product about the demo's made-up articles, in the product's own
words, until the time is up: what share of answers has its form at the first try and after one more,
with Wilson intervals, and tokens and seconds. ``make test-vllm`` runs it on a real vLLM.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotator import masking
from annotator.asking import forms, page, scale
from annotator.asking.questions import Ask, Asker
from annotator.codebook import loader
from annotator.labellers.vllm import FORM_TRIES
from annotator.prompts import render
from newsroom import settings as settings_module
from newsroom.errors import Later
from newsroom.intervals import of_share
from newsroom.llm import Client
from scraper.demo.content import load

RESULTS = Path(__file__).parent / "results" / "llm"
QUESTIONS = ("news_type", "lean", "tone", "headline", "takeaways", "sentences")


def asks(asker: Asker, *, datamark: bool) -> Iterator[Ask]:
    """Questions about every article of the demo, article after article."""
    for article in load().articles:
        sentences = [masking.mask(one.text) for one in article.sentences]
        told = page.of(masking.mask(article.headline), sentences, datamark=datamark)
        yield from asker.about(told, QUESTIONS)


async def measure(seconds: float) -> dict[str, Any]:
    """Ask until the time is up; counts, intervals and costs."""
    llm = settings_module.load().llm
    asker = Asker(book=loader.load(), prompts=render.load())
    waiting = asks(asker, datamark=llm.datamark)
    faults: Counter[str] = Counter()
    unanswered: Counter[str] = Counter()
    tries: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    deadline = time.monotonic() + seconds
    async with Client(llm) as client:
        served = await client.served()

        async def answered(ask: Ask) -> int:
            """After how many tries the answer had its form; 0: after none."""
            for attempt in range(1, FORM_TRIES + 1):
                reply = await client.chat(
                    ask.messages, schema=forms.schema(ask.form), max_tokens=ask.max_tokens,
                    temperature=0.0 if attempt == 1 else 0.3, seed=attempt,
                    alternatives=ask.kind == "score",
                )  # fmt: skip
                cost["answers"] += 1
                cost["prompt_tokens"] += reply.prompt_tokens
                cost["cached_tokens"] += reply.cached_tokens
                cost["completion_tokens"] += reply.completion_tokens
                try:
                    forms.read(ask.form, reply.text, reply.finish_reason)
                except Later as error:
                    faults[f"{error.code}, {ask.kind}, try {attempt}"] += 1
                    continue
                if ask.kind == "score":
                    given = scale.of_tokens(reply.tokens) is not None
                    sources["token probabilities" if given else "would be drawn"] += 1
                return attempt
            return 0

        async def worker() -> None:
            for ask in waiting:
                if time.monotonic() > deadline:
                    return
                try:
                    tries[await answered(ask)] += 1
                    kinds[ask.kind] += 1
                except Later as error:  # the server's, not the answer's
                    unanswered[error.code] += 1
                print(f"{sum(tries.values())} questions", end="\r", flush=True)

        started = time.monotonic()
        await asyncio.gather(*(worker() for _ in range(llm.concurrency)))
        wall_s = time.monotonic() - started
    asked = sum(tries.values())
    return {
        "served": dict(served.described),
        "settings": {"concurrency": llm.concurrency, "datamark": llm.datamark},
        "questions": asked,
        "by_kind": dict(kinds),
        "form_at_first_try": _share(tries[1], asked),
        "form_after_one_retry": _share(tries[1] + tries[2], asked),
        "faults": dict(faults.most_common()),
        "unanswered": dict(unanswered),
        "distributions": dict(sources),
        "cost": dict(cost),
        "wall_s": round(wall_s, 1),
        "completion_tokens_per_s": round(cost["completion_tokens"] / wall_s, 1),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def _share(n: int, of: int) -> dict[str, Any]:
    return {"n": n, "share": n / of, "wilson95": of_share(n / of, of)}


def main() -> None:
    """Measure and write ``results/llm/<name>.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seconds", type=float, default=600.0)
    given = parser.parse_args()
    found = asyncio.run(measure(given.seconds))
    found["served"].pop("root", None)  # a path of the machine
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{given.name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
