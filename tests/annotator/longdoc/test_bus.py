from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from annotator.longdoc.bus import Bus, Limits, Payload, token_count


def number(value: int, width: int) -> Payload:
    return Payload.of_number(value, width)


def test_a_payload_over_the_bandwidth_is_cut_by_the_declared_rule_and_flagged() -> None:
    bus = Bus(limits=Limits(bits=3))
    assert bus.send(0, 1, "state", number(100, 7), lambda limits: number(6, limits.bits)) == number(
        6, 3
    )
    assert bus.send(0, 1, "state", number(5, 3)) == number(5, 3)
    assert [m.flag for m in bus.messages] == ["truncated", None]
    assert bus.totals().payload_bits == 6


@pytest.mark.parametrize("rule", [None, lambda _: number(15, 4)])
def test_without_a_rule_that_fits_it_is_rejected_and_costs_nothing(rule) -> None:
    bus = Bus(limits=Limits(bits=3))
    assert bus.send(0, 1, "state", number(100, 7), rule) is None
    totals = bus.totals()
    assert (totals.messages, totals.payload_bits, totals.flagged) == (0, 0, 1)
    assert bus.messages[0].flag == "rejected"


def test_tokens_are_a_limit_of_their_own() -> None:
    bus = Bus(limits=Limits(tokens=3))
    assert bus.send(0, 1, "hit", Payload.of_text("one two three")) is not None
    assert bus.send(0, 1, "hit", Payload.of_text("one two three four")) is None


def test_a_channel_carries_one_message_a_round() -> None:
    bus = Bus(limits=Limits(rounds=2))
    got = [bus.send(0, 1, "piece", number(1, 1)) for _ in range(3)]
    assert [g is None for g in got] == [False, False, True]
    assert [m.round for m in bus.messages] == [1, 2, 3]
    assert bus.messages[2].flag == "late"
    assert bus.send(2, 1, "other", number(1, 1)) is not None  # another channel has its own rounds


def test_rounds_follow_what_an_agent_waited_for() -> None:
    bus = Bus()
    bus.send(0, 1, "a", number(1, 1))
    bus.send(1, 2, "b", number(1, 1))
    bus.send(3, 4, "c", number(1, 1))
    assert [m.round for m in bus.messages] == [1, 2, 1]


def test_the_critical_path_is_the_longest_one_over_the_graph_of_calls() -> None:
    bus = Bus()
    bus.called(0, [(10, 5, 0.1, True)])
    bus.called(1, [(100, 50, 0.1, True)])
    bus.send(0, 2, "x", number(1, 1))
    bus.send(1, 2, "x", number(1, 1))
    bus.called(2, [(1, 2, 0.1, True), (1, 9, 0.1, False)])  # side by side: the longer one counts
    bus.called(3, [(7, 7, 0.1, True)])
    totals = bus.totals()
    assert totals.depth_tokens == 59
    assert totals.path_tokens == 160
    assert (totals.calls, totals.failed_calls) == (5, 1)
    assert (totals.prompt_tokens, totals.completion_tokens) == (119, 73)


def test_a_broadcast_is_one_message_with_many_deliveries() -> None:
    bus = Bus()
    bus.send(9, range(4), "query", Payload.of_text("who?"))
    assert (bus.totals().messages, bus.totals().deliveries) == (1, 4)


def test_a_bus_that_does_not_enforce_lets_everything_through() -> None:
    bus = Bus(limits=Limits(bits=1, rounds=1, enforced=False))
    assert all(bus.send(0, 1, "state", number(100, 7)) for _ in range(3))


def test_many_threads_lose_no_message() -> None:
    bus = Bus()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: bus.send(i, 99, "x", number(1, 1)), range(500)))
    assert bus.totals().messages == 500


def test_a_number_wider_than_promised_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        number(8, 3)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("Orwell", 1), ("Lindqvist", 2), ("n812345", 3), ("a=b", 3)]
)
def test_tokens_of_a_payload(text: str, tokens: int) -> None:
    assert token_count(text) == tokens
