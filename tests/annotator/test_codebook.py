from __future__ import annotations

from pathlib import Path

import pytest

from annotator.codebook import loader
from newsroom.errors import Misconfigured

COARSE = {
    "politics", "world_security", "health", "economy_business", "crime_guns", "media",
    "immigration", "identity_rights", "environment_energy", "culture_sports", "education",
    "science_tech",
}  # fmt: skip


def test_v1_asks_exactly_what_is_filled() -> None:
    codebook = loader.load()
    assert set(codebook.questions) == {"lean", "tone", "category", "topic", "news_type"}
    assert codebook.version == "v1"
    assert codebook.questions["lean"].label_ids == ("left", "center", "right")
    assert codebook.questions["news_type"].label_ids == ("news report", "opinion")
    assert len(codebook.questions["category"].labels) == 6


def test_headline_lean_is_marked_unvalidated() -> None:
    assert loader.load().questions["lean"].unvalidated_units == ("headline",)


def test_lean_map_is_symmetric_and_inside_the_scale() -> None:
    scale = loader.load().questions["lean"].scale
    assert scale is not None
    assert scale.id == "mapped3"
    assert scale.map["left"] == -scale.map["right"]
    assert scale.map["center"] == 0
    assert scale.minimum <= min(scale.map.values()) < max(scale.map.values()) <= scale.maximum


def test_every_category_has_a_topic_and_every_topic_a_category() -> None:
    codebook = loader.load()
    reached = {codebook.category_of(t) for t in codebook.questions["topic"].label_ids}
    assert reached == set(codebook.questions["category"].label_ids)


def test_all_twelve_coarse_groups_can_be_told_from_our_topics() -> None:
    crosswalk, topics = loader.training_crosswalk(), loader.load().questions["topic"].label_ids
    assert set(crosswalk.topic_to_coarse) == set(topics)
    assert set(crosswalk.topic_to_coarse.values()) == COARSE
    for group, inside in crosswalk.coarse_groups.items():
        assert {crosswalk.topic_to_coarse[topic] for topic in inside} == {group}


def test_training_crosswalk_is_complete_and_speaks_of_our_topics() -> None:
    crosswalk, topics = loader.training_crosswalk(), set(loader.load().questions["topic"].label_ids)
    assert len(crosswalk.allsides_tags) == 108
    assert len(crosswalk.huffpost_sections) == 29
    used = set(crosswalk.allsides_tags.values()) | set(crosswalk.huffpost_sections.values())
    assert used - {""} == topics


def test_mbd_crosswalk_covers_every_topic() -> None:
    topics = loader.load().questions["topic"].label_ids
    assert set(loader.mbd_crosswalk().topic_to_mbd) == set(topics)


def test_unknown_version_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="no codebook 'v99'"):
        loader.load("v99")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value = -5", "value = -6"),
        ('id = "center"', 'id = "left"'),
        ("right = 3.0", "up = 3.0"),
        ('question = "Which', 'questoin = "Which'),
    ],
)
def test_a_broken_file_is_misconfigured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    source = (loader.FOLDER / "v1" / "lean.toml").read_text(encoding="utf-8")
    assert old in source
    (tmp_path / "vx").mkdir()
    (tmp_path / "vx" / "lean.toml").write_text(source.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    with pytest.raises(Misconfigured) as caught:
        loader.load("vx")
    assert caught.value.code == "codebook-broken"


def test_digest_follows_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("va", "vb"):
        (tmp_path / name).mkdir()
        for path in (loader.FOLDER / "v1").glob("*.toml"):
            text = path.read_text(encoding="utf-8")
            if name == "vb":
                text = text.replace("Plain reports", "Dry reports")
            (tmp_path / name / path.name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    assert loader.load("va").digest != loader.load("vb").digest
