from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from memory_lm.labs import interference, interference_bank, interference_calls, interference_fake
from memory_lm.labs import interference_streams as streams
from memory_lm.labs.interference_bench import Bench, Embedding
from memory_lm.labs.interference_endpoint import Endpoint, answers, prompt, session
from memory_lm.labs.interference_events import event_stream, sentences
from memory_lm.labs.interference_streams import Stream, Verdict
from memory_lm.labs.report import LabSettings
from memory_lm.pair_fit import Sample, fit
from memory_lm.supersede import FEATURES, NUMBER, RELATIONS, claim_of
from newsroom import settings
from newsroom.errors import BadRequest

TOLD = Stream(
    updates=(("tree", "old elm"), ("fish", "red carp"), ("tree", "new ash"), ("fish", "blue ide")),
    asked=("tree", "fish"),
)


def test_word_lists_are_forty_six_keys_of_four_hundred_values_of_their_own() -> None:
    lists = streams.values_of()
    assert len(lists) == 46
    assert {len(set(values)) for values in lists.values()} == {400}
    every = [value for values in lists.values() for value in values]
    assert len(set(every)) == len(every) == 18_400
    assert not [value for value in every if re.search(r"[^a-z ]", value)]


def test_training_shares_no_word_list_place_or_wording_with_the_tests() -> None:
    training, lists = streams.word_lists("training"), streams.word_lists("stream")
    nouns = {noun for key, words in lists.items() for noun in words} | set(lists)
    assert not nouns & (set(training["keys"]) | set(training["values"]))
    test, train = sentences("test"), sentences("training")
    assert not set(test["places"]) & set(train["places"])

    def wordings(part) -> set[str]:
        return {
            t for c in part["claims"] for t in (*c["told"], *c.get("reworded", ()), c["withdrawn"])
        }

    assert not wordings(test) & wordings(train)
    assert all("{n}" in text and "{place}" in text for text in wordings(test) | wordings(train))


@pytest.mark.parametrize(("keys", "updates"), [(2, 9), (3, 40), (46, 8)])
def test_interleaved_streams_never_tell_a_key_twice_in_a_row(keys: int, updates: int) -> None:
    for seed in range(5):
        told = streams.stream(seed, updates=updates, keys=keys)
        names = [key for key, _ in told.updates]
        assert all(a != b for a, b in pairwise(names))
        assert all(len(set(told.values(key))) == updates for key in told.asked)
        assert len(set(names)) == keys


def test_streams_repeat_with_their_seed_and_can_run_key_after_key() -> None:
    assert streams.stream(1, updates=5) == streams.stream(1, updates=5)
    assert streams.stream(1, updates=5) != streams.stream(2, updates=5)
    blocks = [key for key, _ in streams.stream(1, updates=5, keys=4, interleaved=False).updates]
    assert blocks == [key for key in dict.fromkeys(blocks) for _ in range(5)]


def test_filler_keeps_the_length_when_fewer_keys_are_tracked() -> None:
    few, all_of_them = (streams.stream(3, updates=6, asked=n) for n in (2, 46))
    assert few.updates == all_of_them.updates
    assert len(few.asked) == 2


def test_long_values_are_one_word_of_many() -> None:
    told = streams.stream(0, updates=4, keys=3, value_words=5)
    assert all(re.fullmatch(r"([A-Z][a-z]+){10,}", value) for _, value in told.updates)


@pytest.mark.parametrize(
    "wrong", [{"updates": 401}, {"updates": 3, "keys": 47}, {"updates": 3, "keys": 1}]
)
def test_impossible_streams_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadRequest):
        streams.stream(0, **wrong)


def test_every_kind_of_answer_is_told_apart() -> None:
    kinds = {
        "New  ASH": Verdict(fault="latest"), "old elm": Verdict(fault="stale", lag=1),
        "blue ide": Verdict(fault="other-key"), "oak": Verdict(fault="never-shown"),
        " ": Verdict(fault="missing"), None: Verdict(fault="missing"),
    }  # fmt: skip
    for answer, verdict in kinds.items():
        assert streams.judge({"tree": answer}, TOLD) == {"tree": verdict}
    found = streams.tally(list(kinds.values()))
    assert found["latest"] == pytest.approx(1 / 6)
    assert found["missing"] == pytest.approx(2 / 6)
    assert found["median stale lag"] == 1


def test_the_endurance_score_is_the_mean_over_the_logarithm() -> None:
    assert streams.endurance({2: 1.0, 400: 1.0}) == pytest.approx(1)
    assert streams.endurance({2: 1.0, 20: 0.0}) == pytest.approx(0.5)
    # A drop late on the logarithmic axis costs less than an early one.
    assert streams.endurance({2: 1, 200: 1, 400: 0}) > streams.endurance({2: 1, 4: 0, 400: 0})
    with pytest.raises(BadRequest):
        streams.endurance({2: 1.0})


def test_the_log_fit_finds_its_line() -> None:
    slope, fit = streams.log_fit({n: 0.9 - 0.1 * math.log(n) for n in (2, 8, 48, 400)})
    assert (slope, fit) == (pytest.approx(-0.1), pytest.approx(1))
    assert streams.log_fit({2: 0.5, 8: 0.5}) == (pytest.approx(0), 0)


@pytest.mark.parametrize(
    ("reply", "tree"),
    [
        ("The current value of tree is new ash. The current value of fish is x.", "new ash"),
        (
            "The current value of tree is old elm. No: the current value of Tree is new ash",
            "new ash",
        ),
        ("tree: old elm\nThe current value of tree is new ash.", "new ash"),
        ("**tree**: new ash\nfish: carp", "new ash"),
        ("The current value of 'tree' is 'O'Brien-Smith oak'.", "O'Brien-Smith oak"),
        ("The current value of treehouse is hut.", None),
        ("", None),
    ],
)
def test_text_answers_are_read(reply: str, tree: str | None) -> None:
    assert answers(reply, ["tree"])["tree"] == tree


@pytest.mark.parametrize(
    ("reply", "tree"),
    [
        ('```json\n{"Tree": "new ash"}\n```', "new ash"),
        ('First {"tree": "old elm"}, then {"tree": "new ash"}', "new ash"),
        ('{"tree": 12}', "12"), ('{"tree": null}', None), ('{"tree": ["a"]}', None),
        ("{broken", None), ("none", None),
    ],
)  # fmt: skip
def test_json_answers_are_read(reply: str, tree: str | None) -> None:
    assert answers(reply, ["tree"], "json")["tree"] == tree


def test_the_prompt_holds_the_whole_stream_and_asks_for_the_tracked_keys() -> None:
    told = streams.stream(0, updates=3, keys=5, asked=2)
    message = prompt(told)
    assert all(f"{key}: {value};" in message for key, value in told.updates)
    assert "keep track of 2 keys" in message
    assert "current value of" not in prompt(told, "json")


def asked(fake: interference_fake.Fake, told: Stream, **options):
    with (
        interference_fake.served(fake) as address,
        Endpoint(address, interference_fake.MODEL, timeout_s=10, **options) as endpoint,
    ):
        return session(endpoint.ask, told)


@pytest.mark.parametrize("fault", streams.FAULTS)
def test_the_adapter_measures_what_the_endpoint_did(fault: streams.Fault) -> None:
    fake = interference_fake.Fake(rates=interference_fake.steady({fault: 1.0}))
    found = streams.tally(asked(fake, streams.stream(0, updates=3, keys=6)).verdicts.values())
    assert found[fault] == 1
    assert fake.did == {fault: 6}


def test_a_failed_call_is_tried_three_times_and_counts_as_wrong() -> None:
    fake = interference_fake.Fake(rates=interference_fake.steady({}), refused=1.0)
    done = asked(fake, TOLD)
    assert done.failed == "HTTP 500"
    assert {verdict.fault for verdict in done.verdicts.values()} == {"missing"}
    assert list(fake.calls.values()) == [3]


def test_a_passing_fault_is_tried_again() -> None:
    fake = interference_fake.Fake(rates=interference_fake.steady({}), flaky=1.0)
    done = asked(fake, TOLD)
    assert done.failed is None
    assert {verdict.fault for verdict in done.verdicts.values()} == {"latest"}
    assert list(fake.calls.values()) == [2]


def test_a_prompt_that_is_too_long_is_skipped_and_not_sent() -> None:
    fake = interference_fake.Fake(rates=interference_fake.steady({}), tokens_max=2100)
    done = asked(fake, streams.stream(0, updates=9))
    assert done.skipped is not None
    assert not done.verdicts
    assert not fake.calls


def answering(httpserver, status: int, body: object) -> str:
    httpserver.expect_request("/v1/models").respond_with_json({"data": "odd"})
    httpserver.expect_request("/v1/chat/completions").respond_with_json(body, status=status)
    return httpserver.url_for("/v1")


@pytest.mark.parametrize(
    ("status", "body", "skipped", "failed", "calls"),
    [
        (400, {"error": "maximum context length is 8 tokens"}, True, None, 1),
        (401, {}, False, "HTTP 401", 1), (429, {}, False, "HTTP 429", 3),
        (200, {"choices": []}, False, "not an OpenAI chat completion", 1),
        (200, {"choices": [{"message": {"content": None}}]}, False, None, 1),
    ],
)  # fmt: skip
def test_other_replies_are_named(httpserver, status, body, skipped, failed, calls) -> None:
    with Endpoint(answering(httpserver, status, body), "m", key="secret") as endpoint:
        done = session(endpoint.ask, TOLD)
    assert (done.skipped is not None) is skipped
    assert done.failed == failed
    sent = [request for request, _ in httpserver.log if request.path.endswith("completions")]
    assert len(sent) == calls
    assert sent[0].headers["authorization"] == "Bearer secret"
    assert (sent[0].json["temperature"], sent[0].json["seed"]) == (0, 0)


def test_nobody_there_is_a_failure() -> None:
    with Endpoint("http://127.0.0.1:1/v1", "m", timeout_s=1) as endpoint:
        done = session(endpoint.ask, TOLD)
    assert done.failed == "ConnectError"


def test_a_forgetful_fake_follows_its_curve() -> None:
    rates = interference_fake.forgetful(1.0, -0.2)
    assert rates(1)["stale"] == 0
    assert rates(48)["stale"] == pytest.approx(0.2 * math.log(48))
    assert rates(10_000)["stale"] == 1


def random_vectors(texts: list[str]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    made = rng.standard_normal((len(texts), 64)).astype(np.float32)
    return dict(zip(texts, made / np.linalg.norm(made, axis=1, keepdims=True), strict=True))


def test_the_endpoint_of_the_settings_is_asked_with_its_key(httpserver) -> None:
    address = answering(httpserver, 200, {"choices": [{"message": {"content": "none"}}]})
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((20, len(FEATURES))).astype(np.float32)
    labels = np.arange(20) % len(RELATIONS)
    bench = Bench(
        plan=replace(interference.QUICK, endpoint_updates=(2,)), settings=LabSettings(),
        embed=Embedding(None), keys=random_vectors(list(streams.values_of())),
        head=fit(Sample.even(rows, labels), seed=0, steps=1),
    )  # fmt: skip
    names = {"URL": address, "MODEL": "m", "KEY": "hush"}
    lab = settings.load({f"NEWSROOM_LAB__ENDPOINT_{k}": v for k, v in names.items()}).lab
    found = interference_calls.served(bench, lab)
    assert [(row["model"], row["arm"], row["format"]) for row in found] == [
        ("m", arm, form) for form in ("text", "json") for arm in ("plain", "memory in front")
    ]
    assert {request.headers["authorization"] for request, _ in httpserver.log} == {"Bearer hush"}
    assert interference_calls.served(bench, settings.load({}).lab) == []


def test_a_reader_without_order_is_right_once_in_n() -> None:
    told = streams.stream(0, updates=10)
    keys = random_vectors(list(told.keys))
    values = random_vectors([value for _, value in told.updates])
    read = interference_bank.without_order(told, keys, values)
    for verdicts in (read.nearest, read.softmax):
        found = streams.tally(verdicts.values())
        assert found["latest"] < 0.3
        assert found["latest"] + found["stale"] == 1


def test_event_streams_know_their_truth() -> None:
    told = event_stream(0, "v", updates=5, places=3, late=0.3, repeated=0.5, withdrawn=0.5)
    assert [r.sequence for r in told.records] == list(range(1, len(told.records) + 1))
    assert [r.known_at for r in told.records] == sorted(r.known_at for r in told.records)
    published = [r.published_at for r in told.records]
    assert published != sorted(published)
    by_id = {r.article_id: r for r in told.records}
    taken_back = 0
    for question in told.asked:
        sources = [by_id[article] for article in question.articles]
        assert all(question.number in NUMBER.findall(r.text) for r in sources)
        same = {claim_of(r.text) for r in sources}
        assert same
        taken_back += any(
            r.event_id == question.place and "Correction" in r.text for r in told.records
        )
    assert taken_back > 0
    assert len(told.asked) == 12


def test_the_quick_plan_holds_every_control() -> None:
    assert max(interference.QUICK.control_updates) >= 48
    assert len(interference.QUICK.endpoint_updates) > 1
    assert max(interference.FULL.updates) == 400
    assert set(interference.FULL.event_updates) >= {1, 48}
