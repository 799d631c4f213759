"""Keys: their form, and that no log line lets one out."""

from __future__ import annotations

import logging
import re
import string

import structlog
from hypothesis import given
from hypothesis import strategies as st

from newsroom import keys, log
from newsroom.settings import Settings


def test_keys_are_new_each_time_and_well_formed() -> None:
    made = {keys.make() for _ in range(200)}
    assert len(made) == 200
    assert all(keys.well_formed(key) for key in made)
    assert {len(key) for key in made} == {52}
    assert len({keys.key_id(key) for key in made}) == 200
    letters = set("".join(key[3:] for key in made))
    assert letters == set(string.digits + string.ascii_letters)


@given(st.integers(0, 51), st.sampled_from(string.digits + string.ascii_letters + "_-é"))
def test_a_typing_error_is_no_key(at: int, letter: str) -> None:
    key = keys.make()
    changed = key[:at] + letter + key[at + 1 :]
    assert keys.well_formed(changed) == (changed == key)


@given(st.text())
def test_nothing_else_is_a_key(text: str) -> None:
    assert not keys.well_formed(text)
    assert not keys.well_formed(keys.make() + text[:1] + "0")


def test_the_id_and_the_digest_give_no_key_away() -> None:
    key = keys.make()
    assert key[3:11] == keys.key_id(key)
    assert len(keys.digest(key)) == 32
    assert key.encode() not in keys.digest(key)


def test_no_log_line_holds_a_key(capfd) -> None:
    key = keys.make()
    before = structlog.get_config(), logging.getLogger().handlers[:], logging.getLogger().level
    try:
        for form in ("text", "json"):
            log.configure(Settings(log_format=form))
            logger = structlog.get_logger()
            logger.warning("said", header=f"Bearer {key}", nested={"of": [key]}, cut=key[:-3])
            logging.getLogger("uvicorn.error").error("GET /v1/jobs?key=%s", key)
            error = ValueError(f"no key {key}")
            logger.error("broken", exc_info=error)
            logging.getLogger("api").error("broken", exc_info=error)
    finally:
        structlog.configure(**before[0])
        logging.getLogger().handlers[:] = before[1]
        logging.getLogger().setLevel(before[2])
    lines = capfd.readouterr().err
    assert lines.count("nr_[key]") >= 10
    assert not re.search(re.escape(key[3:15]), lines)


def test_ordinary_words_are_left_alone() -> None:
    assert (
        keys.redacted("nr_ and unr_abcdefghij and nr_short")
        == "nr_ and unr_abcdefghij and nr_short"
    )
