"""The offline door with the real encoder: records in, answers in their places."""

from __future__ import annotations

import pytest

from annotator.events.offline import cluster_lines

QUAKE = (
    "A strong earthquake shook the island of Velmar on Monday, killing ten people, officials said."
)
AGAIN = (
    "Ten people died when a strong earthquake hit Velmar island on Monday, according to officials."
)
FOOTBALL = "Riverton beat Ashby 3-1 in the cup final to lift the trophy for the first time."


def test_answers_come_in_order_and_one_for_each_line() -> None:
    seen: list[int] = []
    records = [
        {
            "id": "a",
            "title": "Earthquake kills ten on Velmar",
            "text": QUAKE,
            "published_at": "2026-03-02",
        },
        "no object",
        {"id": "b", "title": "Riverton win the cup", "text": FOOTBALL, "published_at": None},
        {"title": "no id"},
        {
            "id": "c",
            "title": "Ten dead as quake hits Velmar",
            "text": AGAIN,
            "published_at": "2026-03-02T18:00:00Z",
        },
        {"id": "a", "title": "twice"},
        {"id": "d", "title": " ", "text": None},
        {"id": "e", "title": "soon", "published_at": "next week"},
        {"id": 7, "title": ["list"]},
    ]
    answers = list(cluster_lines(records, seen.append))
    assert [answer["id"] for answer in answers] == ["a", None, "b", None, "c", "a", "d", "e", 7]
    codes = [str(answer["error"]).split(":")[0] for answer in answers if "error" in answer]
    assert codes == [
        "not-an-object",
        "id-missing",
        "duplicate-id",
        "text-missing",
        "date-unreadable",
        "field-not-text",
    ]
    quake, football, again = answers[0], answers[2], answers[4]
    assert quake["event_id"] == again["event_id"] is not None
    assert quake["story_id"] == again["story_id"] is not None
    assert quake["event_title"] in {
        "Earthquake kills ten on Velmar",
        "Ten dead as quake hits Velmar",
    }
    assert football == {"id": "b", "event_id": None, "event_title": None, "story_id": None}
    assert sum(seen) == 3


def test_ids_depend_on_the_members_only() -> None:
    records = [
        {"id": 1, "title": "Earthquake kills ten on Velmar", "text": QUAKE},
        {"id": 2, "title": "Ten dead as quake hits Velmar", "text": AGAIN},
    ]
    alone = {r["id"]: r for r in cluster_lines(records)}
    among = {r["id"]: r for r in cluster_lines([{"id": 0, "text": FOOTBALL}, *records[::-1]])}
    assert alone[1]["event_id"] == among[1]["event_id"] == among[2]["event_id"]
    assert len(str(alone[1]["event_id"])) == 32


def test_no_lines_no_answers() -> None:
    assert list(cluster_lines([])) == []


@pytest.mark.parametrize("date", [5, "2026-13-01", "0001-01-01T00:00:00+14:00"])
def test_a_date_that_cannot_be_read_is_an_error_in_its_place(date: object) -> None:
    (answer,) = cluster_lines([{"id": "a", "title": "x", "published_at": date}])
    assert answer["id"] == "a"
    assert str(answer["error"]).startswith("date-unreadable")
