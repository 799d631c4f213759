from __future__ import annotations

import pytest

from scraper.robots import PARSED_BYTES, rules_of

PAGE = "https://quay.test/story/1"


@pytest.mark.parametrize("status", [200, 203, 206])
def test_rules_are_obeyed(status: int) -> None:
    rules = rules_of(status, b"User-agent: *\nDisallow: /private/\n")
    assert rules.allows(PAGE)
    assert not rules.allows("https://quay.test/private/1")


@pytest.mark.parametrize("status", [400, 402, 404, 405, 410, 418, 451])
def test_no_file_no_rules(status: int) -> None:
    assert rules_of(status, b"User-agent: *\nDisallow: /\n").allows(PAGE)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504, 520, 301, 304, None])
def test_a_no_and_silence_mean_stop(status: int | None) -> None:
    rules = rules_of(status)
    assert not rules.allows(PAGE)
    assert rules.keep_out


def test_our_own_group_wins() -> None:
    body = b"User-agent: *\nDisallow: /\n\nUser-agent: newsroombot\nDisallow: /only-this\n"
    rules = rules_of(200, body)
    assert rules.allows(PAGE)
    assert not rules.allows("https://quay.test/only-this")
    assert not rules_of(200, b"User-agent: NewsroomBot\nDisallow: /\n").allows(PAGE)


def test_crawl_delay_up_to_a_minute() -> None:
    assert rules_of(200, b"User-agent: *\nCrawl-delay: 12\n").crawl_delay_s == 12
    too_slow = rules_of(200, b"User-agent: *\nCrawl-delay: 61\n")
    assert not too_slow.allows(PAGE)
    assert "61" in (too_slow.keep_out or "")


def test_only_the_first_500_kib_count() -> None:
    padding = b"# " + b"x" * PARSED_BYTES + b"\n"
    assert rules_of(200, padding + b"User-agent: *\nDisallow: /\n").allows(PAGE)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00garbage", b"<html>no rules</html>", b"\xef\xbb\xbfUser-agent: *\nAllow: /"],
)
def test_nonsense_is_no_rule(body: bytes) -> None:
    assert rules_of(200, body).allows(PAGE)
