from __future__ import annotations

import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from annotator.codebook import compare, loader, page
from newsroom.errors import Misconfigured
from newsroom.records import SENTENCE_COUNTS, Stage

COARSE = {
    "politics", "world_security", "health", "economy_business", "crime_guns", "media",
    "immigration", "identity_rights", "environment_energy", "culture_sports", "education",
    "science_tech",
}  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of v1 that a test may break, loaded as ``vx``."""
    shutil.copytree(loader.FOLDER / "v1", tmp_path / "vx")
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    return tmp_path / "vx"


def tagged() -> set[str]:
    """Topics that training rows exist for."""
    crosswalk = loader.training_crosswalk()
    return {*crosswalk.allsides_tags.values(), *crosswalk.huffpost_sections.values()} - {""}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def broken() -> str:
    with pytest.raises(Misconfigured) as caught:
        loader.load.__wrapped__("vx")
    assert caught.value.code == "codebook-broken"
    return caught.value.message


def test_v1_asks_of_every_stage() -> None:
    codebook = loader.load()
    assert set(codebook.questions) == {stage.value for stage in Stage}
    assert all(name == question.id for name, question in codebook.questions.items())
    assert codebook.version == "v1"
    assert codebook.questions["lean"].label_ids == ("left", "center", "right")
    assert codebook.questions["news_type"].label_ids == ("news report", "opinion", "news analysis")


def test_v1_has_the_levels_it_promises() -> None:
    codebook = loader.load()
    topics = codebook.questions["topic"].label_ids
    assert len(codebook.questions["category"].labels) == 6
    assert len(topics) >= 34
    assert len(codebook.questions["subtopic"].labels) >= 150
    children = {topic: codebook.children(topic) for topic in topics}
    assert min(map(len, children.values())) >= 2
    assert all(codebook.topic_of(part.id) == t for t, parts in children.items() for part in parts)
    assert not set(topics) & set(codebook.questions["subtopic"].label_ids)


def test_the_topics_that_heads_are_trained_on_come_first_and_unchanged() -> None:
    """The shipped topic head numbers the labels in this order."""
    topics = loader.load().questions["topic"].label_ids
    trained = tagged()
    assert len(trained) == 32
    assert set(topics[:32]) == trained


def test_no_question_has_an_example_twice() -> None:
    for question in loader.load().questions.values():
        counts = Counter(text for label in question.labels for text in label.examples)
        assert not [text for text, n in counts.items() if n > 1], question.id


def test_headlines_are_marked_unvalidated() -> None:
    for name in ("lean", "tone"):
        assert loader.load().questions[name].unvalidated_units == ("headline",)


def test_answers_are_of_three_kinds() -> None:
    questions = loader.load().questions
    kinds = {
        kind: {n for n, q in questions.items() if q.answer == kind} for kind in ("score", "words")
    }
    assert kinds == {"score": {"lean", "tone"}, "words": {"takeaways"}}
    rule = questions["takeaways"].words
    assert rule is not None
    assert (rule.minimum_sentences, rule.maximum_sentences, rule.maximum_words) == (3, 4, 90)


@pytest.mark.parametrize(
    ("day", "valid"),
    [
        ("2017-01-19", {"presidency"}),
        ("2017-01-20", {"presidency", "trump_administration_first"}),
        ("2021-01-20", {"presidency", "trump_administration_first", "biden_administration"}),
        ("2021-01-21", {"presidency", "biden_administration"}),
        ("2029-01-21", {"presidency"}),
    ],
)
def test_date_bound_labels_are_valid_between_their_dates(day: str, valid: set[str]) -> None:
    codebook = loader.load()
    found = {label.id for label in codebook.valid("subtopic", date.fromisoformat(day))}
    assert {name for name in found if name == "presidency" or "administration" in name} == valid
    assert len(found) >= 150


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
    # Topics that no training label stands for; a head never gives them.
    assert topics - tagged() == {
        "animals", "personal_health", "personal_finance", "human_interest", "history"
    }  # fmt: skip
    assert tagged() <= topics


def test_mbd_crosswalk_covers_every_topic_and_sentence_label() -> None:
    crosswalk, questions = loader.mbd_crosswalk(), loader.load().questions
    assert set(crosswalk.topic_to_mbd) == set(questions["topic"].label_ids)
    assert set(crosswalk.subtopic_to_mbd) <= set(questions["subtopic"].label_ids)
    counts = crosswalk.sentence_counts
    assert {(n, label): c for n, cs in counts.items() for label, c in cs.items()} == SENTENCE_COUNTS
    assert set(counts) == {"sentence_type", "sentence_tone", "sentence_focus"}
    for name, columns in counts.items():
        assert tuple(columns) == questions[name].label_ids
        assert all(
            column.startswith(name.replace("sentence", "sent")) for column in columns.values()
        )


@pytest.mark.parametrize("level", ["topic", "subtopic"])
def test_mbd_crosswalk_agrees_with_itself_in_both_directions(level: str) -> None:
    crosswalk = loader.mbd_crosswalk()
    ours = getattr(crosswalk, f"{level}_to_mbd")
    theirs = getattr(crosswalk, f"mbd_to_{level}")
    assert set(ours.values()) <= set(theirs)
    same = {name: to for name, to in theirs.items() if to}
    assert len(same) >= 20
    assert {ours[to] for to in same.values()} == set(same)


def test_unknown_version_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="no codebook 'v99'"):
        loader.load("v99")


PARTS = "subtopic/sports.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "names"),
    [
        ("lean.toml", "value = -5", "value = -6", "scale"),
        ("tone.toml", 'id = "neutral"', 'id = "negative"', "'negative' stands there twice"),
        ("lean.toml", "right = 3.0", "up = 3.0", "does not have"),
        ("lean.toml", 'question = "Which', 'questoin = "Which', "quest"),
        ("lean.toml", 'answer = "score"', 'answer = "label"', "needs a scale"),
        ("lean.toml", 'id = "left"', 'id = "unclear"', "kept for abstentions"),
        ("lean.toml", "[scale]", "[scale", "lean.toml"),
        ("takeaways.toml", "maximum_words = 90", "", "maximum_words"),
        ("takeaways.toml", 'answer = "words"', 'answer = "label"', "rule for words"),
        ("topic.toml", 'parent = "sports"', 'parent = "games"', "label 'sports': 'games' is no category"),
        ("category.toml", 'name = "Politics"', 'name = "Politics"\nparent = "x"', "label 'politics'"),
        (PARTS, 'parent = "sports"', 'parent = "sprots"', "label 'american_football': 'sprots' is no topic"),
        (PARTS, 'id = "golf"', 'id = "tennis"', "label 'tennis' stands there twice"),
        (PARTS, 'id = "golf"', 'id = "pets"', "label 'pets' stands there twice"),
        (PARTS, 'name = "Golf"', 'name = "sleep"', "label 'golf': another label is called 'sleep'"),
        (PARTS, 'name = "Golf"', 'nom = "Golf"', "label 'golf': n"),
        (PARTS, '"A putt of nine metres won the open.", ', "", "label 'golf': examples"),
        (PARTS, 'name = "Golf"', 'name = "Golf"\nvalid_from = 2026-01-02\nvalid_to = 2026-01-01', "label 'golf': Value error, valid_to 2026-01-01 is before"),
        (PARTS, "[[labels]]", 'id = "subtopic"\n[[labels]]', "labels only"),
    ],
)  # fmt: skip
def test_a_broken_file_is_misconfigured_and_named(
    copy: Path, file: str, old: str, new: str, names: str
) -> None:
    edit(copy / file, old, new)
    told = broken()
    assert names in told
    # Of two labels that clash, the one that comes second is named.
    assert told.startswith("vx/subtopic/sports.toml: " if file == PARTS else f"vx/{file}: ")


def test_a_file_that_is_no_utf8_is_misconfigured_and_named(copy: Path) -> None:
    with (copy / PARTS).open("ab") as file:
        file.write(b"# \xff")
    assert broken().startswith(f"vx/{PARTS}: 'utf-8'")


def test_a_label_twice_across_files_names_the_second_file(copy: Path) -> None:
    part = (copy / PARTS).read_text(encoding="utf-8")
    (copy / "subtopic" / "zzz.toml").write_text(part, encoding="utf-8")
    assert broken() == "vx/subtopic/zzz.toml: label 'american_football' stands there twice"


def test_labels_without_a_question_are_refused(copy: Path) -> None:
    (copy / "subtopic.toml").unlink()
    assert "no subtopic.toml" in broken()


def test_a_question_that_calls_itself_otherwise_is_refused(copy: Path) -> None:
    (copy / "lean.toml").rename(copy / "slant.toml")
    assert broken() == "vx/slant.toml: its question calls itself 'lean'"


def test_topics_without_categories_are_refused(copy: Path) -> None:
    (copy / "category.toml").unlink()
    assert "is no category of ours" in broken()


@pytest.mark.parametrize("file", ["lean.toml", PARTS, "takeaways.toml"])
def test_digest_follows_every_file(copy: Path, file: str) -> None:
    before = loader.load.__wrapped__("vx")
    path = copy / file
    path.write_text(path.read_text(encoding="utf-8") + "\n# a word more\n", encoding="utf-8")
    after = loader.load.__wrapped__("vx")
    assert before.digest != after.digest
    assert compare.changes(before, after) == []


def test_what_two_versions_differ_in_is_told(copy: Path) -> None:
    new = loader.load.__wrapped__("vx")
    edit(copy / PARTS, 'id = "golf"', 'id = "golf_tours"')
    edit(copy / "lean.toml", "Plain reports", "Dry reports")
    (copy / "takeaways.toml").unlink()
    found = compare.changes(loader.load.__wrapped__("vx"), new)
    assert {(c.kind, c.question, c.label, c.field) for c in found} == {
        ("changed", "lean", "center", "include"),
        ("removed", "subtopic", "golf_tours", None),
        ("added", "subtopic", "golf", None),
        ("added", "takeaways", None, None),
    }
    changed = next(c for c in found if c.kind == "changed")
    assert (changed.before[:3], changed.after[:5]) == ("Dry", "Plain")


def test_the_committed_page_is_current() -> None:
    told = page.PATH.read_text(encoding="utf-8")
    assert told == page.page(loader.load(), loader.mbd_crosswalk()), (
        "run python -m annotator.codebook.page"
    )


def test_the_page_has_every_word_of_every_label_and_its_dates() -> None:
    book = loader.load()
    told = page.page(book, loader.mbd_crosswalk())
    for question in book.questions.values():
        for label in question.labels:
            words = (label.definition, label.include, label.exclude, *label.examples)
            assert all(word in told for word in words), label.id
    assert "2021-01-20 to 2025-01-20" in told
    assert book.digest in told
    # A subtopic stands under its topic, a topic under its category.
    places = [told.index(f"`{name}`") for name in ("sports", "golf")]
    assert places == sorted(places)
    assert told.index("#### Sports") < told.index("**Golf**")
