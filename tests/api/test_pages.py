"""Cursors: pure, opaque, and refused under anything but their own question."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages import NUMBER_MAX, Keyset, digest
from newsroom.errors import BadRequest

KINDS = {"at": datetime, "n": int, "id": str}
KEYS = Keyset(columns=KINDS, digest="d")
ROW = {"at": datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC), "n": 3, "id": "ü'--"}


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-NUMBER_MAX, NUMBER_MAX),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
)
def test_a_cursor_gives_its_key_back(at: datetime, n: int, name: str) -> None:
    assert KEYS.decode(KEYS.encode({"at": at, "n": n, "id": name})) == (at, n, name)


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "====", "ü", "a" * 400, packed([]), packed({}), packed("text"), packed(None),
        packed([2, "d", ROW["at"].isoformat(), 3, "x"]),
        packed([1, "d", ROW["at"].isoformat(), 3]),
        packed([1, "d", "yesterday", 3, "x"]),
        packed([1, "d", "2026-11-02T08:00:00", 3, "x"]),
        packed([1, "d", ROW["at"].isoformat(), "3", "x"]),
        packed([1, "d", ROW["at"].isoformat(), True, "x"]),
        packed([1, "d", ROW["at"].isoformat(), 10**30, "x"]),
        packed([1, "d", ROW["at"].isoformat(), 3, 4]),
        packed([1, "d", ROW["at"].isoformat(), 3, "a\x00b"]),
        packed([1, "d", ROW["at"].isoformat(), 3, "\ud800"]),
        packed([[[[1]]]]),
        base64.urlsafe_b64encode(b"[" * 3000).decode(),
    ],
)  # fmt: skip
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest) as caught:
        KEYS.decode(cursor)
    assert (caught.value.code, caught.value.field) == ("bad-cursor", "cursor")


def test_a_cursor_of_other_filters_is_refused() -> None:
    with pytest.raises(BadRequest, match="other filters"):
        Keyset(columns=KINDS, digest="e").decode(KEYS.encode(ROW))


@given(st.text(max_size=60))
def test_no_text_makes_it_stumble(text: str) -> None:
    with pytest.raises(BadRequest):
        KEYS.decode(text)


def test_only_the_extra_row_makes_a_next_page() -> None:
    rows = [ROW, ROW]
    assert KEYS.envelope(rows, limit=2, total=None)["next_cursor"] is None
    assert KEYS.envelope([], limit=2, total=0) == {
        "data": [], "next_cursor": None, "meta": {"limit": 2, "total": 0, "run": None},
    }  # fmt: skip
    cut = KEYS.envelope(rows, limit=1, total=None)
    assert cut["data"] == [ROW]
    assert KEYS.decode(cut["next_cursor"]) == tuple(ROW.values())


def test_a_digest_follows_the_question_only() -> None:
    assert digest("a", {"x": 1, "y": 2}) == digest("a", {"y": 2, "x": 1})
    run, other = {"run_id": "r1"}, {"run_id": "r2"}
    assert len({digest("a", {"x": 1}), digest("b", {"x": 1}), digest("a", {"x": 2}),
                digest("a", {"x": 1}, run), digest("a", {"x": 1}, other)}) == 5  # fmt: skip
    # A run is what it is, however it was asked for.
    assert digest("a", {"run": None}, run) == digest("a", {"run": "r1"}, run)
