"""The numbers that communication between agents must reach, each beside a control that must fail.

Simulated agents whose errors are known, so that closed forms exist; and one made-up hearing
read by the embedded reader through the same bus.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean

from annotator.longdoc import transcript
from annotator.longdoc.bench import sim
from annotator.longdoc.bench.agents import Agent
from annotator.longdoc.bench.report import Check, Report, Table
from annotator.longdoc.bench.run import Row, Setting, equal_tokens, run, shortcut_accuracy
from annotator.longdoc.bench.sim import Errors, Sim
from annotator.longdoc.bench.stats import slope
from annotator.longdoc.bus import Bus, Limits
from annotator.longdoc.document import (
    CHUNK_SENTENCES,
    assemble,
    attribution,
    read_chunks,
    strangers,
)
from annotator.longdoc.messages import BUDGET_TOKENS
from annotator.longdoc.transcript import Transcript

Say = Callable[[str], None]
ERRORS = Errors()


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything: CI's or the committed run's."""

    law_trials: int
    trials: int
    few_trials: int
    chunk_trials: int
    workers: tuple[int, ...]
    chunk_agents: tuple[int, ...]
    depth_n: int
    voting_n: tuple[int, ...]
    khop_n: int
    words: int


QUICK = Size(
    law_trials=800, trials=250, few_trials=80, chunk_trials=200, workers=(1, 8, 64),
    chunk_agents=(4, 8, 16, 32, 64), depth_n=2048, voting_n=(64, 256, 512), khop_n=200, words=6_000,
)  # fmt: skip
FULL = Size(
    law_trials=4000, trials=1000, few_trials=300, chunk_trials=300,
    workers=(1, 2, 4, 8, 16, 32, 64), chunk_agents=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    depth_n=4096, voting_n=(32, 64, 128, 256, 512, 1024), khop_n=500, words=60_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Checks and tables of one question."""

    checks: tuple[Check, ...]
    tables: dict[str, Table]


def simulated(errors: Errors) -> Callable[[str], Agent]:
    """A backend whose agents err as told."""
    return lambda name: Sim(errors=errors, seed=name)


def report(*, quick: bool, seed: int, say: Say) -> Report:
    """Run everything."""
    size, started = QUICK if quick else FULL, time.perf_counter()
    parts: dict[str, Callable[[Size, int], Part]] = {
        "bandwidth": _bandwidth,
        "recall": _recall,
        "chunks": _chunks,
        "depth": _depth,
        "khop": _khop,
        "voting": _voting,
        "speaker": _speaker,
        "rounds": _rounds,
        "document": _document,
    }
    done = []
    for name, part in parts.items():
        say(name)
        done.append(part(size, seed))
    return Report(
        bench="comm",
        quick=quick,
        settings={"backend": "sim", "seed": seed, "errors": asdict(ERRORS), "size": asdict(size)},
        checks=tuple(check for part in done for check in part.checks),
        tables={name: rows for part in done for name, rows in part.tables.items()},
        wall_s=time.perf_counter() - started,
    )


def _rows(rows: Sequence[Row], **more: Sequence[float | int | str]) -> Table:
    """Flat rows, with columns that a table adds."""
    return [
        {**row.flat(), **{key: values[i] for key, values in more.items()}}  # type: ignore[dict-item]  # flat values only
        for i, row in enumerate(rows)
    ]


def _bandwidth(size: Size, seed: int) -> Part:
    """S5 through the narrowest cut: min(1, 2^B / 120) right, whatever bits and rounds make up B."""
    common = Setting(task="perm", protocol="tree", n=4, agents=2, trials=size.law_trials, seed=seed)
    exact = simulated(sim.NONE)
    rows = [
        run(replace(common, bandwidth=bits, rounds=rounds), exact)
        for bits in range(1, 6)
        for rounds in range(1, 6)
    ]
    law = [
        sim.bandwidth_accuracy(120, (r.setting.bandwidth or 0) * (r.setting.rounds or 0))
        for r in rows
    ]
    off = max(abs(row.accuracy - bound) for row, bound in zip(rows, law, strict=True))
    free = run(
        replace(common, bandwidth=1, rounds=1, enforced=False, trials=size.few_trials), exact
    )
    return Part(
        checks=(
            Check(name="S5 law: largest distance at 25 settings", value=off, comparison="<=",
                  target=0.03),
            Check(name="S5 law: distance with a bus that does not enforce",
                  value=abs(free.accuracy - sim.bandwidth_accuracy(120, 1)), comparison=">=",
                  target=0.5, is_control=True),
        ),
        tables={"bandwidth": _rows(rows, law=law)},
    )  # fmt: skip


def _recall(size: Size, seed: int) -> Part:
    """A star whose hits are checked word for word does not mind how many workers there are."""
    backend = simulated(ERRORS)
    common = Setting(task="recall", protocol="star", n=256, trials=size.trials, seed=seed)
    rows = [
        run(replace(common, agents=w, check=check), backend)
        for check in (True, False)
        for w in size.workers
    ]
    closed = [
        sim.recall_accuracy(ERRORS, 256, r.setting.agents, check=r.setting.check) for r in rows
    ]
    lengths = (128, 512, 2048)
    longer = [
        run(replace(common, n=n, agents=16, trials=size.few_trials), backend) for n in lengths
    ]
    return Part(
        checks=(
            Check(name="recall: lowest accuracy, 1-64 workers, quotes checked", comparison=">=",
                  value=min(r.accuracy for r in rows if r.setting.check), target=0.95),
            Check(name="recall: accuracy of 64 workers, unchecked", comparison="<=",
                  value=rows[-1].accuracy, target=0.80, is_control=True),
            Check(name="recall: |slope of messages over length|", comparison="<=", target=0.15,
                  value=abs(slope(lengths, [r.costs["messages"] for r in longer]))),
        ),
        tables={"recall": _rows(rows, closed=closed), "recall by length": _rows(longer)},
    )  # fmt: skip


def _z(row: Row, closed: float) -> float:
    """How many standard errors of the closed form a row is off it."""
    return abs(row.accuracy - closed) / math.sqrt(closed * (1 - closed) / row.setting.trials)


def _chunks(size: Size, seed: int) -> Part:
    """Parity by a tree whose merges err: there is a best chunk, and the closed form knows it."""
    backend, n = simulated(ERRORS), 512
    common = Setting(task="parity", protocol="tree", n=n, merge="llm",
                     trials=size.chunk_trials, seed=seed)  # fmt: skip
    rows = [run(replace(common, agents=w), backend) for w in size.chunk_agents]
    closed = [sim.tree_accuracy(ERRORS, 2, n, w, 2) for w in size.chunk_agents]
    within = [_z(r, c) <= 2 for r, c in zip(rows, closed, strict=True)]
    deaf = replace(ERRORS, eps_merge=0.0)
    naive = [sim.tree_accuracy(deaf, 2, n, w, 2) for w in size.chunk_agents]
    off = max(abs(r.costs["messages"] - (r.setting.agents - 1)) for r in rows)
    return Part(
        checks=(
            Check(name="parity: share of chunk sizes within 2 SE of the closed form",
                  value=fmean(within), comparison=">=", target=0.8),
            Check(name="parity: most SE off a closed form without merge errors",
                  value=max(_z(r, c) for r, c in zip(rows, naive, strict=True)),
                  comparison=">=", target=3.0, is_control=True),
            Check(name="reduce: largest difference of messages from w-1", value=off,
                  comparison="<=", target=0.0),
        ),
        tables={"chunks": _rows(rows, closed=closed)},
    )  # fmt: skip


def _depth(size: Size, seed: int) -> Part:
    """State tracking: depth falls with the agents, paid for in messages, until log w shows."""
    backend, workers = simulated(ERRORS), (1, 2, 4, 8, 16, 32)
    common = Setting(task="parity", protocol="scan", n=size.depth_n, merge="llm", trials=3,
                     seed=seed)  # fmt: skip
    checks, rows = [], []
    for task in ("parity", "perm-even", "speaker"):
        mine = [run(replace(common, task=task, agents=w), backend) for w in workers]
        fitted = slope(workers, [r.costs["depth_tokens"] for r in mine])
        checks.append(Check(name=f"{task}: |depth slope over agents + 1|", comparison="<=",
                            value=abs(fitted + 1), target=0.15))  # fmt: skip
        rows += mine
    line = [run(replace(common, protocol="chain", agents=w), backend) for w in workers]
    checks.append(
        Check(name="chain: |depth slope over agents + 1|", comparison=">=", target=0.5,
              value=abs(slope(workers, [r.costs["depth_tokens"] for r in line]) + 1),
              is_control=True)
    )  # fmt: skip
    return Part(checks=tuple(checks), tables={"depth": _rows(rows + line)})


def _khop(size: Size, seed: int) -> Part:
    """Iterative queries: as deep as there are hops, whatever the number of workers."""
    backend, n = simulated(ERRORS), size.khop_n
    common = Setting(task="khop", protocol="iterq", n=n, agents=25, hops=8,
                     trials=size.few_trials, seed=seed)  # fmt: skip
    hops, workers = (1, 2, 4, 8), (1, 5, 25)
    by_hops = [run(replace(common, hops=k), backend) for k in hops]
    by_workers = [run(replace(common, agents=w, hops=4), backend) for w in workers]
    unchecked = run(replace(common, check=False), backend)
    news = run(replace(common, task="newshop", hops=4), backend)
    guess = shortcut_accuracy(common)
    depth = [r.costs["depth_tokens"] for r in by_workers]
    return Part(
        checks=(
            Check(name="k-hop: |depth slope over hops - 1|", comparison="<=", target=0.15,
                  value=abs(slope(hops, [r.costs["depth_tokens"] for r in by_hops]) - 1)),
            Check(name="k-hop: |depth slope over workers|", comparison="<=", target=0.15,
                  value=abs(slope(workers, depth))),
            Check(name="k-hop: accuracy at 8 hops, 25 workers, quotes checked",
                  value=by_hops[-1].accuracy, comparison=">=", target=0.80),
            Check(name="k-hop: the same unchecked", value=unchecked.accuracy, comparison="<=",
                  target=0.60, is_control=True),
            Check(name="k-hop: guessing by the last relation", value=guess, comparison="<=",
                  target=0.30, is_control=True),
        ),
        tables={"khop": _rows([*by_hops, *by_workers, unchecked, news])},
    )  # fmt: skip


def _voting(size: Size, seed: int) -> Part:
    """Votes at the nodes against votes at the end, paid with the same tokens."""
    backend = simulated(ERRORS)
    common = Setting(task="parity", protocol="tree", n=1, merge="llm", trials=size.few_trials,
                     seed=seed)  # fmt: skip
    rows, names, node, whole = [], [], [], []
    for n in size.voting_n:
        tree = replace(common, n=n, agents=max(1, n // 16))
        one = run(replace(common, n=n, protocol="single"), backend)
        at_nodes = run(replace(tree, votes=3), backend)
        at_end = run(equal_tokens(at_nodes, one), backend)
        rows += [one, run(tree, backend), at_nodes, at_end]
        names += ["one reader", "tree", "tree, 3 votes a node", "readers' votes, equal tokens"]
        node.append(at_nodes.accuracy)
        whole.append(at_end.accuracy)
    ahead = [a >= b for a, b in zip(node, whole, strict=True)]
    since = [n for i, n in enumerate(size.voting_n) if all(ahead[i:])]
    copied = replace(ERRORS, correlation=1.0)
    last = replace(common, n=size.voting_n[-1], agents=size.voting_n[-1] // 16)
    plain = run(last, simulated(copied))
    same = run(replace(last, votes=3), simulated(copied))
    return Part(
        checks=(
            Check(name="voting: N from which votes at nodes win", comparison="<=", target=256.0,
                  value=float(since[0]) if since else math.inf),
            Check(name="voting: lead of votes at nodes at the longest N", comparison=">=",
                  value=node[-1] - whole[-1], target=0.2),
            Check(name="voting: gain of votes that make the same errors", comparison="<=",
                  value=abs(same.accuracy - plain.accuracy), target=0.02, is_control=True),
        ),
        tables={"voting": _rows(rows, arm=names)},
    )  # fmt: skip


def _speaker(size: Size, seed: int) -> Part:
    """Who speaks: chunks that exchange nothing lose what crosses their borders, a scan does not."""
    common = Setting(task="speaker", protocol="scan", n=320, trials=size.few_trials, seed=seed)
    exact = simulated(sim.NONE)
    rows = [
        run(replace(common, protocol=protocol, agents=320 // chunk), exact)
        for chunk in (5, 10, 20, 40, 80)
        for protocol in ("star", "scan")
    ]
    erring = run(replace(common, agents=16), simulated(ERRORS))
    at20 = {r.setting.protocol: r.accuracy for r in rows if r.setting.agents == 16}
    return Part(
        checks=(
            Check(name="speaker: chunks of 20 with scan", value=at20["scan"], comparison=">=",
                  target=1.0),
            Check(name="speaker: chunks of 20 without", value=at20["star"], comparison="<=",
                  target=0.65, is_control=True),
        ),
        tables={"speaker": _rows([*rows, erring])},
    )  # fmt: skip


def _rounds(size: Size, seed: int) -> Part:
    """A tree stopped early knows only part: S5 over agents and rounds, seven bits a message."""
    common = Setting(task="perm", protocol="tree", n=64, bandwidth=7, trials=size.few_trials,
                     seed=seed)  # fmt: skip
    exact = simulated(sim.NONE)
    rows = [
        run(replace(common, agents=w, rounds=r), exact)
        for w in (1, 2, 4, 8, 16)
        for r in (1, 2, 3, 4)
    ]
    deep = {(r.setting.agents, r.setting.rounds): r.accuracy for r in rows}
    return Part(
        checks=(
            Check(name="rounds: log2(w) are enough", comparison=">=", target=1.0,
                  value=min(deep[2, 1], deep[4, 2], deep[8, 3], deep[16, 4])),
            Check(name="rounds: one less is not", comparison="<=", target=0.05,
                  value=max(deep[4, 1], deep[8, 2], deep[16, 3]), is_control=True),
        ),
        tables={"rounds": _rows(rows)},
    )  # fmt: skip


def _document(size: Size, seed: int) -> Part:
    """A made-up hearing by the embedded reader: chunk messages through the bus, and without."""
    hearing = transcript.make(size.words, seed)
    bus = Bus(limits=Limits(tokens=BUDGET_TOKENS))
    chunks = read_chunks(hearing.text, CHUNK_SENTENCES)
    total = sum(message.sentences for message, _ in chunks)
    result = assemble(chunks, total, bus)
    alone = attribution(strangers(chunks), hearing.gold)
    one_pass = _one_pass(hearing)
    found = attribution(result.speakers, hearing.gold)
    share = fmean(m.payload_tokens <= BUDGET_TOKENS and m.flag is None for m in bus.messages)
    logged = sum(m.payload_bits + m.payload_tokens for m in bus.messages)
    row = {
        "words": len(hearing.text.split()), "sentences": result.sentences,
        "chunks": result.chunks, "quoted": len(hearing.gold), "scan": found, "apart": alone,
        "one_pass": one_pass, "messages": result.messages, "rounds": result.rounds,
        "message_tokens_mean": result.message_tokens / result.messages,
        "message_tokens_max": result.message_tokens_max,
    }  # fmt: skip
    return Part(
        checks=(
            Check(name="hearing: attribution with scan", value=found, comparison=">=", target=0.95),
            Check(name="hearing: attribution of chunks apart", value=alone, comparison="<=",
                  target=0.65, is_control=True),
            Check(name="hearing: |scan - reading in one pass|", value=abs(found - one_pass),
                  comparison="<=", target=0.0),
            Check(name="hearing: share of messages within 96 tokens, none cut", value=share,
                  comparison=">=", target=0.99),
            Check(name="hearing: |reported - logged bits and tokens|", comparison="<=",
                  target=0.0,
                  value=abs(result.message_bits + result.message_tokens - logged)),
        ),
        tables={"document": [row]},
    )  # fmt: skip


def _one_pass(hearing: Transcript) -> float:
    [whole] = read_chunks(hearing.text, len(hearing.text))
    return attribution(strangers([whole]), hearing.gold)
