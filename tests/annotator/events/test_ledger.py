"""What a grouping makes of places: pure, so every rule is tried on small partitions."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotator.events import ledger
from annotator.events.cohesion import cohesion, purity
from annotator.events.constraints import event_bonds, overruled, story_bonds
from annotator.events.ledger import Proposal, lineage, settle, tidy
from newsroom.store.ledger import LEVELS, Edit, Level, Place

ARTICLES = [f"a{n}" for n in range(9)]
LABELS = st.one_of(st.none(), st.integers(0, 3))
PROPOSALS = st.dictionaries(st.sampled_from(ARTICLES), st.tuples(LABELS, st.integers(0, 2)))
SUBSETS = st.frozensets(st.sampled_from(ARTICLES), min_size=1, max_size=4)


def edit(entry_id: int, together: str, apart: str = "", level: Level = "event") -> Edit:
    return Edit(
        entry_id=entry_id, level=level, to_ids=(), title=None, actor="human:ida",
        together=frozenset(together.split()), apart=frozenset(apart.split()),
    )  # fmt: skip


def proposals(*groups: str, story: str = "s") -> dict[str, Proposal]:
    return {a: Proposal(event=g, story=story) for g in groups for a in g.split()}


def parts(places: dict[str, Place]) -> list[list[str]]:
    groups = ledger.grouped((p.event_id, a) for a, p in places.items())
    return sorted(sorted(g) for g in groups.values())


def test_a_later_grouping_keeps_ids_and_says_what_it_did() -> None:
    first = settle({}, proposals("a b c", "d e")).places
    assert parts(first) == [["a", "b", "c"], ["d", "e"]]
    second = settle(first, proposals("a b", "c d e f")).places
    entries = lineage(first, second, reason="r")
    joined = [(e.kind, e.from_ids, e.to_ids, e.articles) for e in entries if e.level == "event"]
    one, other = first["a"].event_id, first["d"].event_id
    assert joined == [("joined", (), (other,), ("f",)), ("joined", (one,), (other,), ("c",))]
    third = settle(second, proposals("a b c d e f")).places
    (merged,) = (e for e in lineage(second, third, reason="r") if e.level == "event")
    assert (merged.kind, merged.from_ids, merged.to_ids) == ("merged", (one,), (other,))
    fourth = settle(third, proposals("a b c", "d e f"), used={one}).places
    (parted,) = (e for e in lineage(third, fourth, reason="r") if e.level == "event")
    assert parted.kind == "split"
    assert {one, other}.isdisjoint(set(parted.to_ids) - set(parted.from_ids))


def test_a_split_holds_against_the_grouping_which_is_reported() -> None:
    before = settle({}, proposals("a b", "c d")).places
    found = settle(before, proposals("a b c d x"), edits=[edit(7, "c d", "a b")])
    assert parts(found.places) == [["a", "b", "x"], ["c", "d"]]
    (against,) = found.contradictions
    assert (against.entry_id, against.joined, against.parted) == (7, ("a", "b"), ())


def test_a_merge_holds_and_brings_what_came_after_it() -> None:
    before = settle({}, proposals("a b c d")).places
    found = settle(before, proposals("a b", "c d x"), edits=[edit(7, "a b c d")])
    assert parts(found.places) == [["a", "b", "c", "d", "x"]]
    assert found.contradictions[0].parted == ("c", "d")


def test_a_stray_of_a_merge_is_taken_without_the_group_it_strayed_into() -> None:
    found = settle({}, proposals("a b c", "d p q r s"), edits=[edit(7, "a b c d")])
    assert parts(found.places) == [["a", "b", "c", "d"], ["p", "q", "r", "s"]]


def test_of_two_edits_that_disagree_the_later_one_holds() -> None:
    rules = [edit(1, "c d", "a b"), edit(2, "a b c d")]
    assert parts(settle({}, proposals("a b", "c d"), edits=rules).places) == [["a", "b", "c", "d"]]
    rules = [edit(1, "a b c d"), edit(2, "c d", "a b")]
    found = parts(settle({}, proposals("a b c d"), edits=rules).places)
    assert found == [["a", "b"], ["c", "d"]]


@given(st.lists(st.tuples(SUBSETS, SUBSETS), max_size=5))
def test_bonds_share_no_article_and_agree(wanted) -> None:
    edits = [edit(n, " ".join(t), " ".join(x - t)) for n, (t, x) in enumerate(wanted)]
    made = event_bonds(edits)
    named = [a for bond in made for a in bond.together]
    assert len(named) == len(set(named))
    for bond in made:
        assert not bond.together & bond.apart
        for other in made:
            if other.together & bond.apart:
                assert other.together <= bond.apart
                assert bond.together <= other.apart
    last = edits[-1] if edits else edit(0, "a")
    if len(last.together) > 1 or last.apart:
        (held,) = (b for b in made if last.together <= b.together)
        assert last.apart <= held.apart


def test_an_edit_that_a_later_one_overruled_is_not_reported() -> None:
    rules = [edit(1, "c d", "a b"), edit(2, "a b c d")]
    assert settle({}, proposals("a b c d"), edits=rules).contradictions == []


def test_an_older_decision_that_events_tie_in_vain_is_reported() -> None:
    rules = [edit(1, "a b p q", level="story"), edit(2, "c d", "x y", "story")]
    wanted = proposals("a b c", story="s") | proposals("p q x", story="t")
    wanted |= proposals("d", story="s") | proposals("y", story="t")
    found = settle({}, wanted, edits=rules)
    story = ledger.ids_of(found.places, "story")
    assert story["c"] == story["d"] == story["a"] != story["x"] == story["p"]
    (against,) = found.contradictions
    assert (against.entry_id, against.joined, against.parted) == (1, (), ("p", "q"))


def test_one_article_split_off_is_in_no_event() -> None:
    found = settle({}, proposals("a b c"), edits=[edit(1, "c", "a b")]).places
    assert found["c"].event_id is None
    assert found["c"].story_id == found["a"].story_id


def test_what_is_not_judged_keeps_its_place() -> None:
    before = settle({}, proposals("a b c d")).places
    after = settle(before, proposals("c d e")).places
    assert {p.event_id for p in after.values()} == {before["a"].event_id}
    held = settle(before, proposals("a x", "b c d y"), fixed={"a", "b"}).places
    assert held["a"] == held["b"] == before["a"]
    assert held["x"].event_id in {None, held["a"].event_id}


def test_what_outlives_the_window_of_its_event_stays_in_it() -> None:
    before = settle({}, proposals("a b c", "d e")).places
    alone = {"c": Proposal(event=None, story=None), "d": Proposal(event=None, story=None)}
    after = settle(before, alone).places
    assert after == before
    seen = settle(before, {**alone, "e": Proposal(event=None, story=None)}).places
    assert parts(seen) == [["a", "b", "c"]]


def test_stories_that_a_person_parted_stay_apart_and_so_do_their_events() -> None:
    before = settle({}, proposals("a b", "c d")).places
    rule = edit(7, "c d", "a b", "story")
    found = settle(before, proposals("a b x", "c d y"), edits=[rule])
    story = ledger.ids_of(found.places, "story")
    assert len({story[a] for a in "abx"}) == len({story[a] for a in "cdy"}) == 1
    assert story["a"] == before["a"].story_id != story["c"]
    (against,) = found.contradictions
    assert (against.entry_id, against.joined) == (7, ("a", "b"))
    one = settle(found.places, proposals("a b x c d y"), edits=[rule])
    assert one.places == found.places
    assert one.contradictions[0].joined == ("a", "b")


def test_stories_that_a_person_merged_stay_one() -> None:
    wanted = proposals("a b", story="s") | proposals("c d", story="t")
    found = settle({}, wanted, edits=[edit(7, "a b c d", level="story")])
    assert len({p.story_id for p in found.places.values()}) == 1
    assert parts(found.places) == [["a", "b"], ["c", "d"]]
    assert found.contradictions[0].parted == ("c", "d")


def test_events_of_two_stories_that_a_person_merges_later_are_one() -> None:
    rules = [edit(1, "c d", "a b", "story"), edit(2, "b d")]
    found = settle({}, proposals("a", "b", "c", "d"), edits=rules).places
    assert found["b"] == found["d"]
    found = settle({}, proposals("a", "b", "c", "d"), edits=[edit(0, "b d"), rules[0]]).places
    assert found["b"] != found["d"]


def test_an_event_lies_in_one_story() -> None:
    wanted = {
        "a": Proposal(event=1, story=1),
        "b": Proposal(event=1, story=1),
        "c": Proposal(event=1, story=2),
        "d": Proposal(event=None, story=2),
        "e": Proposal(event=None, story=2),
    }
    places = settle({}, wanted).places
    assert places["a"] == places["b"] == places["c"]
    assert places["d"].story_id == places["e"].story_id != places["a"].story_id


def test_nothing_is_left_of_one_article() -> None:
    places = {"a": Place(event_id="e", story_id="s"), "b": Place(event_id=None, story_id="s")}
    assert tidy(places) == {
        "a": Place(event_id=None, story_id="s"),
        "b": Place(event_id=None, story_id="s"),
    }
    assert tidy({"a": Place(event_id="e", story_id="s")}) == {}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PROPOSALS, min_size=1, max_size=3),
    st.lists(st.tuples(SUBSETS, SUBSETS, st.sampled_from(LEVELS)), max_size=3),
)
# Kept apart from one it is grouped with, beside one that the grouping no longer sees.
@example(
    [{"a0": (0, 0), "a3": (0, 0)}, {"a0": (0, 0), "a1": (0, 0), "a2": (0, 0)}],
    [(frozenset({"a0"}), frozenset({"a0", "a1"}), "event")],
)
@example(
    [{"a0": (0, 0), "a1": (0, 0)}, {"a0": (0, 0), "a2": (0, 0), "a3": (0, 0)}],
    [(frozenset({"a2", "a3"}), frozenset({"a0"}), "event")],
)
@example(
    [{"a0": (0, 0), "a1": (0, 0)}, {"a0": (0, 0), "a2": (0, 0), "a3": (0, 0)}],
    [(frozenset({"a1"}), frozenset({"a1", "a2"}), "event")],
)
def test_every_article_has_one_place_and_every_change_a_reason(rounds, wanted) -> None:
    edits = [edit(n, " ".join(t), " ".join(x - t), at) for n, (t, x, at) in enumerate(wanted)]
    in_stories = story_bonds(edits)
    places: dict[str, Place] = {}
    ever: set[str] = set()
    for proposed in rounds:
        said = {
            a: Proposal(
                event=e, story=None if e is None and s == 0 else (e if e is not None else s)
            )
            for a, (e, s) in proposed.items()
        }
        found = settle(places, said, edits=edits, used=ever)
        new, told_of = found.places, {c.entry_id for c in found.contradictions}
        for rule in edits:
            in_vain = _in_vain(rule, ledger.ids_of(new, rule.level))
            if in_vain and not rule.together.isdisjoint(said):
                assert rule.entry_id in told_of | overruled(edits)
        for level in ("event", "story"):
            old_ids, new_ids = ledger.ids_of(places, level), ledger.ids_of(new, level)
            told = dict(old_ids)
            for entry in lineage(places, new, reason="r"):
                if entry.level == level:
                    for a in entry.articles:
                        assert told.pop(a, None) == (entry.from_ids[0] if entry.from_ids else None)
                        if entry.to_ids:
                            told[a] = entry.to_ids[0]
            assert told == new_ids
            assert not (set(new_ids.values()) - set(old_ids.values())) & ever
        story_of: dict[str, str] = {}
        for place in new.values():
            if place.event_id is not None:
                assert story_of.setdefault(place.event_id, place.story_id) == place.story_id
        for level, made in (("event", event_bonds(edits)), ("story", in_stories)):
            group = ledger.ids_of(new, level)
            if level == "story" and _ties(new, made):
                continue
            for bond in made:
                known = {a for a in bond.together if a in said or a in places}
                held = {group.get(a) for a in known}
                assert len(held) <= 1
                assert not (held - {None}) & {group.get(a) for a in bond.apart}
        assert settle(new, said, edits=edits, used=ever).places == new
        ever |= {i for level in ("event", "story") for i in ledger.ids_of(places, level).values()}
        ever |= {i for level in ("event", "story") for i in ledger.ids_of(new, level).values()}
        places = new


def _in_vain(rule: Edit, group: dict[str, str]) -> bool:
    homes = {group[a] for a in rule.together if a in group}
    return len(homes) > 1 or any(group.get(a) in homes for a in rule.apart)


def _ties(places, made) -> bool:
    """Whether an event lies in two stories of people that they did not hold apart."""
    events = ledger.grouped((p.event_id, a) for a, p in places.items())
    return any(sum(not g.isdisjoint(b.together) for b in made) > 1 for g in events.values())


def test_cohesion_is_the_mean_cosine_of_two_articles() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(9, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    label = np.array([0, 1, 0, 2, 1, 0, 1, 1, 0])
    found = cohesion(vectors, label)
    for group in (0, 1):
        rows = vectors[label == group]
        pairs = [rows[i] @ rows[j] for i in range(len(rows)) for j in range(i)]
        assert abs(found[group] - np.mean(pairs)) < 1e-5
    assert np.isnan(found[2])


def test_purity_counts_articles_nearer_to_another_event_of_those_days() -> None:
    east, north = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    vectors = np.stack([east, east, north, north, north, -east])
    label = np.array([0, 0, 0, 1, 1, 2])
    days = np.zeros(6)
    found = purity(vectors, label, days)
    assert found[0] == np.float64(0.666667)
    assert found[1] == 1.0
    assert np.isnan(found[2])
    far = np.array([0, 0, 0, 30, 30, 30.0])
    assert purity(vectors, label, far)[0] == 1.0
