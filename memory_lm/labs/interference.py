"""Proactive interference: the newest of many values must win (PI-LLM).

The memory bank and its pair head are the product's. An endpoint is asked where
``NEWSROOM_LAB__ENDPOINT_URL`` and ``NEWSROOM_LAB__ENDPOINT_MODEL`` name one; its numbers are
reported and held to nothing. The harness itself is proven against a fake endpoint on loopback,
whose rows say that it is no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from memory_lm.backbone import Backbone
from memory_lm.labs import interference_bank as bank
from memory_lm.labs import interference_calls as calls
from memory_lm.labs import interference_streams as streams
from memory_lm.labs.interference_bench import FULL, QUICK, Bench, Embedding, Part
from memory_lm.labs.interference_events import event_stream, trained_head
from memory_lm.labs.interference_figure import figure
from memory_lm.labs.interference_streams import Stream, Verdict
from memory_lm.labs.report import Check, Clock, LabSettings, Report, Row, finish, number
from newsroom.settings import load

__all__ = ["FULL", "QUICK", "figure", "run"]

CODE = (
    "memory_lm.bank",
    "memory_lm.slots", "memory_lm.supersede", "memory_lm.pair_fit", "memory_lm.backbone",
    "memory_lm.labs.interference_streams", "memory_lm.labs.interference_events",
    "memory_lm.labs.interference_bank", "memory_lm.labs.interference_bench",
    "memory_lm.labs.interference_calls", "memory_lm.labs.interference_endpoint",
    "memory_lm.labs.interference_fake",
)  # fmt: skip
NOISE = 0.6
# A reader without order is right once in n by luck; 46 keys of one session give a coarse share.
CHANCE_MOST = 0.05


def run(settings: LabSettings) -> Report:
    """All arms and controls; under a minute with ``quick``, else some minutes on one core."""
    clock, plan = Clock(), QUICK if settings.quick else FULL
    named = load().lab
    settings.say("training the pair head")
    backbone = Backbone.load()
    embed = Embedding(backbone)
    bench = Bench(
        plan=plan, settings=settings, embed=embed,
        head=trained_head(embed, seed=settings.seed, pairs=plan.head_pairs),
        keys=bank.embedded(embed, list(streams.values_of())),
    )  # fmt: skip
    checks: list[Check] = []
    tables: dict[str, list[Row]] = {}
    parts = (_updates, _other_tests, _without_order, _events, calls.harness, calls.in_front)
    for part in parts:
        rows, found = part(bench)
        tables.update(rows)
        checks += found
    if served := calls.served(bench, named):
        tables["served endpoint"] = served
    return finish(
        clock, settings, lab="interference", seeds=(settings.seed,),
        config=asdict(plan) | {
            "backbone": backbone.version, "noise": NOISE, "known_rates": dict(calls.KNOWN_RATES),
            "refused": calls.REFUSED, "flaky": calls.FLAKY, "forgetful": calls.FORGETFUL,
            "temperature": bench.head.temperature,
        },
        checks=checks, tables=tables, code=CODE,
    )  # fmt: skip


def _asked(bench: Bench, told: Stream, noise: float = 0.0) -> dict[str, Verdict]:
    """The bank's answers about a stream it reads now."""
    memory = bank.remembered(told, bench.keys, bench.head, noise=noise, seed=bench.settings.seed)
    return streams.judge(bank.newest(memory, bench.head, bench.keys, told.asked), told)


def _updates(bench: Bench) -> Part:
    """Test 1, clean and noisy."""
    rows: list[Row] = []
    checks = []
    for name, noise, least in (("clean", 0.0, 0.98), ("noisy", NOISE, 0.95)):
        right = {}
        for n in bench.plan.updates:
            bench.settings.say(f"bank, {name} keys, {n} updates")
            verdicts = _asked(bench, streams.stream(bench.settings.seed, updates=n), noise)
            found = streams.tally(verdicts.values())
            right[n] = found["latest"]
            rows.append({"arm": f"bank, {name}", "updates": n, **found})
        checks += [
            Check(
                name=f"bank, {name} keys, least over 2 to {max(right)} updates",
                value=min(right.values()), comparison=">=", target=least,
            ),
            Check(
                name=f"bank, {name} keys, endurance score", value=streams.endurance(right),
                comparison=">=", target=least,
            ),
        ]  # fmt: skip
    return {"updates": rows}, checks


def _other_tests(bench: Bench) -> Part:
    """Tests 2 to 5: number of keys, of tracked keys at constant length, value length, order."""
    plan, seed = bench.plan, bench.settings.seed
    rows: list[Row] = []

    def add(test: str, n: int, size: int, verdicts: Mapping[str, Verdict]) -> None:
        rows.append({"test": test, "updates": n, "size": size, **streams.tally(verdicts.values())})

    for n, sizes in plan.key_counts.items():
        for size in sizes:
            bench.settings.say(f"{size} keys, {n} updates")
            add("keys", n, size, _asked(bench, streams.stream(seed, updates=n, keys=size)))
    for n, sizes in plan.tracked.items():
        bench.settings.say(f"tracked keys, {n} updates")
        # The bank reads the same stream whatever is asked of it.
        whole = _asked(bench, streams.stream(seed, updates=n))
        for size in sizes:
            asked = streams.stream(seed, updates=n, asked=size).asked
            add("tracked keys", n, size, {key: whole[key] for key in asked})
    for n, sizes in plan.value_words.items():
        for size in sizes:
            bench.settings.say(f"values of {size} words")
            told = streams.stream(seed, updates=n, value_words=size)
            add("value words", n, size, _asked(bench, told))
    for n in plan.sequential:
        bench.settings.say(f"key after key, {n} updates")
        told = streams.stream(seed, updates=n, interleaved=False)
        add("sequential", n, len(told.asked), _asked(bench, told))
    tests = dict.fromkeys(str(row["test"]) for row in rows)
    return {"other tests": rows}, [
        Check(
            name=f"bank, test of {test}, least",
            value=min(number(row, "latest") for row in rows if row["test"] == test),
            comparison=">=", target=0.98,
        )
        for test in tests
    ]  # fmt: skip


def _without_order(bench: Bench) -> Part:
    """The control: the same vectors read without time, which must collapse."""
    rows: list[Row] = []
    checks = []
    for n in bench.plan.control_updates:
        bench.settings.say(f"without order, {n} updates")
        for name, noise in (("clean", 0.0), ("noisy", NOISE)):
            found: dict[str, list[Verdict]] = {"nearest": [], "softmax of 64": []}
            for session_no in range(bench.plan.control_sessions):
                seed = bench.settings.seed + session_no
                told = streams.stream(seed, updates=n)
                values = bank.embedded(bench.embed, [value for _, value in told.updates])
                read = bank.without_order(told, bench.keys, values, noise=noise, seed=seed)
                found["nearest"] += read.nearest.values()
                found["softmax of 64"] += read.softmax.values()
            for reader, verdicts in found.items():
                row = streams.tally(verdicts)
                rows.append({"arm": f"{reader}, {name}", "updates": n, **row})
                if n >= 48:
                    checks.append(
                        Check(
                            name=f"without order: {reader}, {name} keys, {n} updates",
                            value=row["latest"], comparison="<=", target=CHANCE_MOST,
                            is_control=True,
                        )
                    )  # fmt: skip
    return {"without order": rows}, checks


def _events(bench: Bench) -> Part:
    """The product-shaped test: sentences whose number changes, some late, repeated, taken back."""
    plan, rows = bench.plan, list[Row]()
    arms: dict[str, dict[str, float | bool]] = {
        "plain": {}, "withdrawn": {"withdrawn": 0.5}, "reworded": {"reworded": True},
    }  # fmt: skip
    for arm, options in arms.items():
        for n in plan.event_updates:
            bench.settings.say(f"event text, {arm}, {n} updates")
            told = event_stream(
                bench.settings.seed, bank.VERSION, updates=n, places=plan.event_places,
                withdrawn=float(options.get("withdrawn", 0)), reworded="reworded" in options,
            )  # fmt: skip
            vectors = bank.embedded(bench.embed, bank.event_texts(told))
            score = bank.event_score(told, vectors, bench.head)
            rows.append({"arm": arm, "updates": n, "reports": len(told.records), **asdict(score)})
    plain = [row for row in rows if row["arm"] == "plain"]
    most = max(plan.event_updates)
    least = 0.9 if bench.settings.quick else 0.95
    loose = next(row for row in plain if row["updates"] == most)
    return {"event text": rows}, [
        Check(
            name=f"event text, 1 to {most} updates, latest number with its article, least",
            value=min(number(row, "cited") for row in plain), comparison=">=", target=least,
        ),
        Check(
            name=f"event text without order, {most} updates", value=number(loose, "without_order"),
            comparison="<=", target=0.25 if bench.settings.quick else CHANCE_MOST,
            is_control=True,
        ),
    ]  # fmt: skip
