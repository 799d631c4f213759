"""Proactive interference: the newest of many values must win (PI-LLM).

The memory bank and its pair head are the product's. An endpoint is asked where
``LAB_ENDPOINT_URL`` (ending in /v1) and ``LAB_ENDPOINT_MODEL`` name one, with the key in
``LAB_ENDPOINT_KEY``; its numbers are reported and held to nothing. The harness itself is proven
against a fake endpoint on loopback, whose rows say that it is no model.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from memory_lm.backbone import Backbone
from memory_lm.labs import interference_bank as bank
from memory_lm.labs import interference_fake as fakes
from memory_lm.labs import interference_streams as streams
from memory_lm.labs.interference_endpoint import Endpoint, Format, Session, session
from memory_lm.labs.interference_events import event_stream, trained_head
from memory_lm.labs.interference_streams import Fault, Stream, Verdict
from memory_lm.labs.report import Check, Clock, LabSettings, Report, Row, finish

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from memory_lm.supersede import PairHead

CODE = (
    "memory_lm.bank", "memory_lm.supersede", "memory_lm.backbone",
    "memory_lm.labs.interference_streams", "memory_lm.labs.interference_events",
    "memory_lm.labs.interference_bank", "memory_lm.labs.interference_endpoint",
    "memory_lm.labs.interference_fake",
)  # fmt: skip
NOISE = 0.6
# A reader without order is right once in n by luck; 46 keys of one session give a coarse share.
CHANCE_MOST = 0.05
KNOWN_RATES: Mapping[Fault, float] = {
    "stale": 0.2, "other-key": 0.08, "never-shown": 0.05, "missing": 0.04,
}  # fmt: skip
REFUSED, FLAKY = 0.15, 0.3
FORGETFUL = (1.05, -0.16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run, in the numbers of PI-LLM's five tests and two of ours."""

    updates: tuple[int, ...]
    control_updates: tuple[int, ...]
    control_sessions: int
    key_counts: Mapping[int, tuple[int, ...]]
    tracked: Mapping[int, tuple[int, ...]]
    value_words: Mapping[int, tuple[int, ...]]
    sequential: tuple[int, ...]
    event_updates: tuple[int, ...]
    event_places: int
    endpoint_sessions: int
    endpoint_updates: tuple[int, ...]
    head_pairs: int


FULL = Plan(
    updates=streams.UPDATES, control_updates=(2, 8, 48, 97), control_sessions=3,
    key_counts={125: streams.KEY_COUNTS, 350: (2, 20)},
    tracked={125: streams.KEY_COUNTS, 350: streams.KEY_COUNTS},
    value_words={4: streams.VALUE_WORDS, 20: streams.VALUE_WORDS},
    sequential=(2, 8, 48, 139, 400),
    event_updates=(1, 2, 4, 8, 16, 24, 48), event_places=16,
    endpoint_sessions=60, endpoint_updates=(2, 8, 24, 48, 97, 197, 400), head_pairs=6000,
)  # fmt: skip
QUICK = Plan(
    updates=(2, 8, 34), control_updates=(2, 48), control_sessions=2,
    key_counts={20: (2, 20)}, tracked={20: (2, 20, 46)}, value_words={4: (1, 10)},
    sequential=(8,),
    event_updates=(1, 8), event_places=8,
    endpoint_sessions=30, endpoint_updates=(2, 48), head_pairs=3000,
)  # fmt: skip


class _Embedding:
    """Sentence vectors, each text embedded once."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._backbone.embed(new, batch=128), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What all arms share."""

    plan: Plan
    settings: LabSettings
    embed: _Embedding
    head: PairHead
    keys: bank.Vectors


def run(settings: LabSettings) -> Report:
    """All arms and controls; under a minute with ``quick``, else some minutes on one core."""
    clock, plan = Clock(), QUICK if settings.quick else FULL
    settings.say("training the pair head")
    backbone = Backbone.load()
    embed = _Embedding(backbone)
    bench = _Bench(
        plan=plan, settings=settings, embed=embed,
        head=trained_head(embed, seed=settings.seed, pairs=plan.head_pairs),
        keys=bank.embedded(embed, list(streams.values_of())),
    )  # fmt: skip
    checks: list[Check] = []
    tables: dict[str, list[Row]] = {}
    parts = (_updates, _other_tests, _without_order, _events, _harness, _in_front)
    for part in parts:
        rows, found = part(bench)
        tables.update(rows)
        checks += found
    served = _served(bench)
    if served:
        tables["served endpoint"] = served
    return finish(
        clock, settings, lab="interference", seeds=(settings.seed,),
        config=asdict(plan) | {
            "backbone": backbone.version, "noise": NOISE, "known_rates": dict(KNOWN_RATES),
            "refused": REFUSED, "flaky": FLAKY, "forgetful": FORGETFUL,
            "temperature": bench.head.temperature,
        },
        checks=checks, tables=tables, code=CODE,
    )  # fmt: skip


_Part = tuple[dict[str, list[Row]], list[Check]]


def _right(verdicts: Iterable[Verdict]) -> float:
    return streams.tally(list(verdicts))["latest"]


def _asked(bench: _Bench, told: Stream, noise: float = 0.0) -> dict[str, Verdict]:
    """The bank's answers about a stream it reads now."""
    memory = bank.remembered(told, bench.keys, bench.head, noise=noise, seed=bench.settings.seed)
    return streams.judge(bank.newest(memory, bench.head, bench.keys, told.asked), told)


def _updates(bench: _Bench) -> _Part:
    """Test 1, clean and noisy."""
    rows: list[Row] = []
    checks = []
    for name, noise, least in (("clean", 0.0, 0.98), ("noisy", NOISE, 0.95)):
        right = {}
        for n in bench.plan.updates:
            bench.settings.say(f"bank, {name} keys, {n} updates")
            verdicts = _asked(bench, streams.stream(bench.settings.seed, updates=n), noise)
            right[n] = _right(verdicts.values())
            rows.append({"arm": f"bank, {name}", "updates": n, **streams.tally(verdicts.values())})
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


def _other_tests(bench: _Bench) -> _Part:
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
            value=min(float(str(row["latest"])) for row in rows if row["test"] == test),
            comparison=">=", target=0.98,
        )
        for test in tests
    ]  # fmt: skip


def _without_order(bench: _Bench) -> _Part:
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


def _events(bench: _Bench) -> _Part:
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
    loose = next(row for row in plain if row["updates"] == most)["without_order"]
    return {"event text": rows}, [
        Check(
            name=f"event text, 1 to {most} updates, latest number with its article, least",
            value=min(float(str(row["cited"])) for row in plain), comparison=">=", target=least,
        ),
        Check(
            name=f"event text without order, {most} updates", value=float(str(loose)),
            comparison="<=", target=0.25 if bench.settings.quick else CHANCE_MOST,
            is_control=True,
        ),
    ]  # fmt: skip


def _harness(bench: _Bench) -> _Part:
    """The endpoint adapter against a fake with known error rates, in both answer formats."""
    rows: list[Row] = []
    checks = []
    for form in ("text", "json"):
        bench.settings.say(f"fake endpoint, {form}")
        fake = fakes.Fake(
            rates=fakes.steady(KNOWN_RATES), refused=REFUSED, flaky=FLAKY, seed=bench.settings.seed
        )
        told = [
            streams.stream(bench.settings.seed + i, updates=4, keys=20)
            for i in range(bench.plan.endpoint_sessions)
        ]
        done = _against(fake, told, "text" if form == "text" else "json")
        answered = [v for s in done if s.failed is None for v in s.verdicts.values()]
        failed = sum(s.failed is not None for s in done)
        of_all = _right(v for s in done for v in s.verdicts.values())
        found = streams.tally(answered)
        ledger = {fault: fake.did[fault] / fake.did.total() for fault in streams.FAULTS}
        known = 1 - sum(KNOWN_RATES.values())
        row: Row = {
            "format": form, "answered": len(answered), "failed calls": failed,
            "latest, failed as wrong": of_all, **found,
        }  # fmt: skip
        rows.append(row)
        spread = float(np.sqrt(known * (1 - known) / len(answered)))
        checks += [
            Check(
                name=f"fake endpoint, {form}: largest difference to its ledger",
                value=max(abs(found[fault] - ledger[fault]) for fault in streams.FAULTS),
                comparison="<=", target=1e-9,
            ),
            Check(
                name=f"fake endpoint, {form}: accuracy off its known rate, in standard errors",
                value=abs(found["latest"] - known) / spread, comparison="<=", target=3,
            ),
            Check(
                name=f"fake endpoint, {form}: failed calls not in its ledger, or the reverse",
                value=abs(failed - len(fake.refusals)), comparison="<=", target=0,
            ),
            Check(
                name=f"fake endpoint, {form}: failed calls", value=failed,
                comparison=">=", target=1,
            ),
        ]  # fmt: skip
    return {"fake endpoint": rows}, checks


def _in_front(bench: _Bench) -> _Part:
    """A fake that forgets with ln n, alone and with the bank's state as all that it sees."""
    fake = fakes.Fake(rates=fakes.forgetful(*FORGETFUL), seed=bench.settings.seed)
    rows: list[Row] = []
    plain: dict[int, float] = {}
    front: dict[int, float] = {}
    for n in bench.plan.endpoint_updates:
        bench.settings.say(f"memory in front, {n} updates")
        told = streams.stream(bench.settings.seed, updates=n)
        state = bank.consolidated(told, bench.keys, bench.head)
        [alone, behind] = _against(fake, [told, state])
        # Judged by the whole stream: what the bank lost is lost.
        newest = {key: told.values(key)[-1] for key in told.asked}
        held = {key: state.values(key)[-1] == newest[key] for key in state.keys}
        front[n] = float(
            np.mean(
                [v.fault == "latest" and held.get(key, False) for key, v in behind.verdicts.items()]
            )
        )
        if alone.skipped is None:
            plain[n] = _right(alone.verdicts.values())
        rows.append(
            {
                "updates": n, "plain": plain.get(n), "skipped": alone.skipped,
                "memory in front": front[n],
            }
        )  # fmt: skip
    slope, fit = streams.log_fit(plain)
    most = max(plain)
    rows_of_fit: list[Row] = [
        {"slope of ln n": slope, "set slope": FORGETFUL[1], "R squared": fit,
         "endurance, plain": streams.endurance(plain),
         "endurance, memory in front": streams.endurance(front)}
    ]  # fmt: skip
    return {"memory in front (fake endpoint)": rows, "fit (fake endpoint)": rows_of_fit}, [
        Check(
            name="memory in front of the fake endpoint, least", value=min(front.values()),
            comparison=">=", target=0.95,
        ),
        Check(
            name=f"the fake endpoint alone, {most} updates", value=plain[most],
            comparison="<=", target=0.6 if bench.settings.quick else 0.5, is_control=True,
        ),
    ]  # fmt: skip


def _against(fake: fakes.Fake, told: Sequence[Stream], form: Format = "text") -> list[Session]:
    with fakes.served(fake) as address, Endpoint(address, fakes.MODEL, timeout_s=30) as endpoint:
        return [session(endpoint.ask, one, form) for one in told]


def _served(bench: _Bench) -> list[Row]:
    """The endpoint that the environment names: plain and with memory in front, both formats."""
    address, model = os.environ.get("LAB_ENDPOINT_URL"), os.environ.get("LAB_ENDPOINT_MODEL")
    if not address or not model:
        return []
    rows: list[Row] = []
    with Endpoint(address, model, key=os.environ.get("LAB_ENDPOINT_KEY")) as endpoint:
        for n in bench.plan.endpoint_updates:
            told = streams.stream(bench.settings.seed, updates=n)
            state = bank.consolidated(told, bench.keys, bench.head)
            for form in ("text", "json"):
                for arm, shown in (("plain", told), ("memory in front", state)):
                    bench.settings.say(f"{model}, {arm}, {form}, {n} updates")
                    done = session(endpoint.ask, shown, "text" if form == "text" else "json")
                    why = {"skipped": done.skipped, "failed": done.failed}
                    found = streams.tally(done.verdicts.values()) if not done.skipped else {}
                    rows.append(
                        {"model": model, "arm": arm, "format": form, "updates": n, **why, **found}
                    )
    return rows


def figure(report: Report) -> Figure:
    """Accuracy over updates of bank, controls and fake; tests 2 to 5; event text."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawn, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 5), layout="constrained")
    styles = iter(("o-", "s-", "x:", "+:", "x--", "+--"))
    for table in ("updates", "without order"):
        for arm in dict.fromkeys(str(row["arm"]) for row in report.tables[table]):
            mine = [row for row in report.tables[table] if row["arm"] == arm]
            line = [row["updates"] for row in mine], [row["latest"] for row in mine]
            left.plot(*line, next(styles), label=arm, alpha=0.8)
    front = report.tables["memory in front (fake endpoint)"]
    for name, style in (("plain", "d:"), ("memory in front", "d-")):
        mine = [row for row in front if row[name] is not None]
        label = f"fake endpoint, {name}"
        left.plot([r["updates"] for r in mine], [r[name] for r in mine], style, label=label)
    left.set(xscale="log", xlabel="updates of each key", title="Newest value of 46 keys")
    others = report.tables["other tests"]
    for test, n in dict.fromkeys((str(r["test"]), r["updates"]) for r in others):
        if test == "sequential":
            continue
        mine = [r for r in others if (r["test"], r["updates"]) == (test, n)]
        line = [r["size"] for r in mine], [r["latest"] for r in mine]
        middle.plot(*line, "o-", label=f"{test}, n = {n}", alpha=0.7)
    ordered = [r for r in others if r["test"] == "sequential"]
    line = [r["updates"] for r in ordered], [r["latest"] for r in ordered]
    middle.plot(*line, "k^-", label="sequential (by n)", alpha=0.7)
    middle.set(xscale="log", xlabel="keys, tracked keys or words", title="Bank, tests 2 to 5")
    for arm in dict.fromkeys(str(row["arm"]) for row in report.tables["event text"]):
        mine = [row for row in report.tables["event text"] if row["arm"] == arm]
        counts = [row["updates"] for row in mine]
        [drawn_line] = right.plot(
            counts, [row["cited"] for row in mine], "o-", label=f"bank, {arm}"
        )
        loose = [row["without_order"] for row in mine]
        right.plot(counts, loose, "x:", color=drawn_line.get_color(), label=f"without order, {arm}")
    right.set(xscale="log", xlabel="updates of each claim", title="Event text, latest number")
    for axis in (left, middle, right):
        axis.set_ylim(-0.03, 1.05)
        axis.legend(fontsize=7, ncol=2, loc="upper center", bbox_to_anchor=(0.5, -0.13))
    return drawn
