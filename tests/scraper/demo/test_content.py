"""The authored content keeps its promises: enough of it, varied, consistent with itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import combinations

import pytest

from scraper.demo.content import load, read_line
from scraper.demo.model import CATEGORIES

CONTENT = load()
ARTICLES = CONTENT.articles
OWN = [article for article in ARTICLES if article.copy_of is None]


def test_there_is_enough_of_everything():
    assert len(CONTENT.outlets) >= 6
    assert len(ARTICLES) >= 130
    assert len(CONTENT.stories) >= 13
    assert len({a.published.date() for a in ARTICLES}) == 10
    assert sum(len(story.events) >= 2 for story in CONTENT.stories.values()) >= 5
    assert all(1 <= len(story.events) <= 4 for story in CONTENT.stories.values())
    assert sum(a.story is None for a in ARTICLES) >= 8
    assert sum(a.news_type == "opinion" for a in ARTICLES) >= 5
    outlets = Counter(a.outlet.publisher_id for a in ARTICLES)
    assert min(outlets.values()) >= 12
    single = [
        s for s in CONTENT.stories if len({a.outlet.name for a in ARTICLES if a.story == s}) == 1
    ]
    assert len(single) >= 2


def test_stamps_lie_in_the_ten_days():
    start, end = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 11, 23, tzinfo=UTC)
    for article in ARTICLES:
        assert start <= article.published < end, article.slug
        if article.revision and article.revision.modified:
            assert article.published < article.revision.modified < end


@pytest.mark.parametrize("article", ARTICLES, ids=lambda a: a.slug)
def test_an_article_is_well_formed(article):
    assert 150 <= len(article.text.split()) <= 400
    assert -5 <= article.lean <= 5
    assert -5 <= article.tone <= 5
    assert article.category in CATEGORIES
    assert article.news_type in {"news report", "news analysis", "opinion"}
    assert len(article.paragraphs) >= 3
    for sentence in article.sentences:
        assert sentence.text[-1] in '.?!"', sentence.text
        assert sentence.text.count('"') % 2 == 0, sentence.text
        assert (sentence.kind == "quote") <= (sentence.speaker is not None and '"' in sentence.text)
    if article.story is None:
        assert article.event is None
    else:
        story = CONTENT.stories[article.story]
        assert article.event in story.events
        known = {fact.fact_id for fact in story.facts}
        assert {fact for s in article.sentences for fact in s.facts} <= known
    if article.revision:
        assert set(article.revision.swap) <= set(range(1, len(article.sentences) + 1))


def test_addresses_and_headlines_are_unique():
    assert len({a.url for a in ARTICLES}) == len(ARTICLES)
    assert len({a.slug for a in ARTICLES}) == len(ARTICLES)
    assert len({(a.outlet.name, a.headline) for a in ARTICLES}) == len(ARTICLES)


def grams(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


def test_outlets_write_their_own_words():
    """At most a quarter of the shorter text's word 4-grams recur in any other article's text."""
    by_gram = {article.slug: grams(article.text) for article in OWN}
    for a, b in combinations(OWN, 2):
        one, other = by_gram[a.slug], by_gram[b.slug]
        assert len(one & other) / min(len(one), len(other)) <= 0.25, (a.slug, b.slug)


def test_agency_copy_runs_nearly_unchanged_in_other_outlets():
    by_slug = {article.slug: article for article in ARTICLES}
    runs: defaultdict[str, set[str]] = defaultdict(set)
    for article in ARTICLES:
        if article.copy_of:
            original = by_slug[article.copy_of]
            assert original.outlet.publisher_id == "meridianwire"
            assert article.published > original.published
            one, other = grams(article.text), grams(original.text)
            assert len(one & other) / min(len(one), len(other)) >= 0.8
            runs[article.copy_of].add(article.outlet.publisher_id)
    assert sum(len(outlets) >= 2 for outlets in runs.values()) >= 5
    assert max(len(outlets) for outlets in runs.values()) >= 3


def test_planted_absences_are_absences():
    planted = 0
    for story in CONTENT.stories.values():
        covering = {a.outlet.publisher_id for a in ARTICLES if a.story == story.story_id}
        for outlet in story.absences:
            assert outlet in CONTENT.outlets
            assert outlet not in covering
            planted += 1
    assert planted >= 4


def test_every_fact_is_reported_and_every_outlet_leans_its_way():
    for story in CONTENT.stories.values():
        own = [a for a in ARTICLES if a.story == story.story_id]
        said = {fact for a in own for s in a.sentences for fact in s.facts}
        assert said == {fact.fact_id for fact in story.facts}
        assert set(story.events) == {a.event for a in own}
    for outlet in CONTENT.outlets.values():
        leans = [a.lean for a in OWN if a.outlet == outlet and a.category == "Politics"]
        mean = sum(leans) / len(leans)
        assert abs(mean - outlet.lean) <= 1.5, outlet.publisher_id


def test_superseded_values_are_reported_in_order():
    slots = 0
    for story in CONTENT.stories.values():
        by_slot: defaultdict[str, list[str]] = defaultdict(list)
        for fact in story.facts:
            if fact.slot:
                by_slot[fact.slot].append(fact.fact_id)
        for chain in by_slot.values():
            firsts = [
                min(a.published for a in ARTICLES if any(f in s.facts for s in a.sentences))
                for f in chain
            ]
            assert len(chain) >= 2
            assert firsts == sorted(firsts)
            slots += 1
    assert slots >= 10


def test_a_mark_that_is_wrong_is_refused():
    with pytest.raises(KeyError):
        read_line("z|An unknown type.", {})
    with pytest.raises(KeyError):
        read_line('q @nobody|"An unknown speaker."', {})
    with pytest.raises(ValueError, match="unpack"):
        read_line("No mark at all.", {})
