"""The interference lab's calls: the adapter against fakes on loopback, then a named endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from memory_lm.labs import interference_bank as bank
from memory_lm.labs import interference_fake as fakes
from memory_lm.labs import interference_streams as streams
from memory_lm.labs.interference_bench import Bench, Part
from memory_lm.labs.interference_endpoint import Endpoint, Format, Session, session
from memory_lm.labs.interference_streams import Fault, Stream, Verdict
from memory_lm.labs.report import Check, Row
from newsroom.settings import Lab

KNOWN_RATES: Mapping[Fault, float] = {
    "stale": 0.2, "other-key": 0.08, "never-shown": 0.05, "missing": 0.04,
}  # fmt: skip
REFUSED, FLAKY = 0.15, 0.3
FORGETFUL = (1.05, -0.16)


def harness(bench: Bench) -> Part:
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


def in_front(bench: Bench) -> Part:
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


def _right(verdicts: Iterable[Verdict]) -> float:
    return streams.tally(list(verdicts))["latest"]


def _against(fake: fakes.Fake, told: Sequence[Stream], form: Format = "text") -> list[Session]:
    with fakes.served(fake) as address, Endpoint(address, fakes.MODEL, timeout_s=30) as endpoint:
        return [session(endpoint.ask, one, form) for one in told]


def served(bench: Bench, lab: Lab) -> list[Row]:
    """The endpoint that the settings name: plain and with memory in front, both formats."""
    address, model, secret = lab.endpoint_url, lab.endpoint_model, lab.endpoint_key
    if not address or not model:
        return []
    key = secret.get_secret_value() if secret else None
    rows: list[Row] = []
    with Endpoint(address, model, key=key) as endpoint:
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
