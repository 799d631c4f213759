"""The harness against a real HTTP server that answers in OpenAI's shape, and sometimes does not."""

from __future__ import annotations

import pytest

from annotator.longdoc.bench.backends import opened
from annotator.longdoc.bench.chat import Chat
from annotator.longdoc.bench.run import Setting, run
from newsroom.settings import Settings


def settings(scripted) -> Settings:
    return Settings(llm=scripted.llm)


@pytest.mark.parametrize(
    ("task", "protocol"),
    [
        ("parity", "single"), ("parity", "tree"), ("parity", "vote"), ("perm-even", "scan"),
        ("speaker", "scan"), ("speaker", "chain"), ("recall", "star"), ("khop", "iterq"),
        ("newshop", "iterq"),
    ],
)  # fmt: skip
def test_every_kind_of_task_is_asked_and_read(scripted, task: str, protocol: str) -> None:
    setting = Setting(task=task, protocol=protocol, n=24, agents=4, merge="llm", hops=3, trials=2)
    with opened("openai", lambda: settings(scripted)) as (agents, each):
        row = run(setting, agents, each)
    assert row.accuracy == 1.0
    assert row.costs["calls"] * 2 == len(scripted.asked)
    assert row.costs["prompt_tokens"] > 0
    assert {"json_schema"} == {b["response_format"]["type"] for b in scripted.asked}


def test_the_managers_own_query_is_what_the_workers_get(scripted) -> None:
    """A manager that plans wrongly must lead the workers astray, or it plans nothing."""
    setting = Setting(task="khop", protocol="iterq", n=40, agents=4, hops=3, trials=1)

    class Stray(Chat):
        def plan(self, problem, known, seat):
            reply = super().plan(problem, known, seat)
            wrong = next(q for q in problem.facts if q.relation != reply.value.relation)
            return type(reply)(
                value=wrong, prompt_tokens=reply.prompt_tokens,
                completion_tokens=reply.completion_tokens,
            )  # fmt: skip

    with opened("openai", lambda: settings(scripted)) as (agents, each):
        right = run(setting, agents, each)
        astray = run(setting, lambda trial: Stray(ask=agents(trial).ask, seed=1), each)
    assert (right.accuracy, astray.accuracy) == (1.0, 0.0)


@pytest.mark.parametrize("how", ["garble", "refuse"])
def test_a_spoilt_answer_is_asked_for_once_more_and_paid_for(scripted, how: str) -> None:
    scripted.spoil = [how]
    setting = Setting(task="parity", protocol="single", n=8, trials=1)
    with opened("openai", lambda: settings(scripted)) as (agents, each):
        row = run(setting, agents, each)
    assert row.accuracy == 1.0
    assert len(scripted.asked) == 2
    assert row.costs["completion_tokens"] == (6 if how == "garble" else 3)


def test_a_call_that_stays_spoilt_fails_and_still_costs(scripted) -> None:
    scripted.spoil = ["garble"] * 2
    setting = Setting(task="parity", protocol="single", n=8, trials=1)
    with opened("openai", lambda: settings(scripted)) as (agents, each):
        row = run(setting, agents, each)
    assert (row.accuracy, row.unanswered) == (0.0, 1.0)
    assert (row.costs["failed_calls"], row.costs["completion_tokens"]) == (1.0, 6.0)
