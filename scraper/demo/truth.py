"""Derive `truth.json` from the authored stories: `python -m scraper.demo.truth` rewrites it.

The file is what a pipeline that read the site perfectly would know. Leans and tones are the
author's intent on the scale -5…+5, not a measurement. `story_id` and `event_id` are null for
articles that stand alone: each of them is a cluster of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scraper.demo.content import HERE, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scraper.demo.model import Article, Fact, OddPage, Sentence, Story

TRUTH_FILE = HERE / "truth.json"


def truth() -> dict[str, Any]:
    """Give everything that is true of the demo web, ready for JSON."""
    content = load()
    by_slug = {article.slug: article for article in content.articles}
    return {
        "outlets": [
            {
                "publisher_id": outlet.publisher_id,
                "name": outlet.name,
                "domain": outlet.domain,
                "lean": outlet.lean,
                "date_shown": outlet.date_shown,
            }
            for outlet in content.outlets.values()
        ],
        "stories": [_story(story, content.articles) for story in content.stories.values()],
        "articles": [_article(article, by_slug) for article in content.articles],
        "pages": [_odd_page(page, by_slug) for page in content.odd_pages],
    }


def _outlets(articles: Iterable[Article]) -> list[str]:
    return sorted({article.outlet.publisher_id for article in articles})


def _story(story: Story, articles: tuple[Article, ...]) -> dict[str, Any]:
    own = [article for article in articles if article.story == story.story_id]
    return {
        "story_id": story.story_id,
        "title": story.title,
        "events": [
            _event(event_id, title, [a for a in own if a.event == event_id])
            for event_id, title in story.events.items()
        ],
        "facts": [_fact(fact, own) for fact in story.facts],
        "superseded": _chains(story, own),
        "absences": [{"outlet": who, "why": why} for who, why in story.absences.items()],
    }


def _event(event_id: str, title: str, articles: list[Article]) -> dict[str, Any]:
    stamps = sorted(article.published for article in articles)
    return {
        "event_id": event_id,
        "title": title,
        "first_at": stamps[0].isoformat(),
        "last_at": stamps[-1].isoformat(),
        "articles": len(articles),
        "outlets": _outlets(articles),
    }


def _reports(article: Article, fact: Fact) -> bool:
    return any(fact.fact_id in sentence.facts for sentence in article.sentences)


def _fact(fact: Fact, articles: list[Article]) -> dict[str, Any]:
    """State a fact, who reported it, and which outlets covered its event and never did."""
    reported = _outlets(article for article in articles if _reports(article, fact))
    covering = _outlets(article for article in articles if article.event == fact.event)
    return {
        "fact_id": fact.fact_id,
        "event_id": fact.event,
        "claim": fact.claim,
        "reported_by": reported,
        "left_out_by": [outlet for outlet in covering if outlet not in reported],
    }


def _chains(story: Story, articles: list[Article]) -> list[dict[str, Any]]:
    """Give the facts that superseded one another, slot by slot, with the value that stands."""
    slots: dict[str, list[dict[str, Any]]] = {}
    for fact in story.facts:
        if fact.slot is not None:
            first = min(article.published for article in articles if _reports(article, fact))
            slots.setdefault(fact.slot, []).append(
                {"fact_id": fact.fact_id, "value": fact.value, "first_at": first.isoformat()}
            )
    return [
        {"slot": slot, "values": values, "final": values[-1]["value"]}
        for slot, values in slots.items()
    ]


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {
        "type": sentence.kind,
        **({"speaker": sentence.speaker} if sentence.speaker else {}),
        **({"facts": list(sentence.facts)} if sentence.facts else {}),
        "text": sentence.text,
    }


def _article(article: Article, by_slug: Mapping[str, Article]) -> dict[str, Any]:
    return {
        "url": article.url,
        "outlet": article.outlet.publisher_id,
        "expected": "article",
        "story_id": article.story,
        "event_id": article.event,
        "headline": article.headline,
        "authors": list(article.authors),
        "published_at": article.published.isoformat(),
        "lean": article.lean,
        "tone": article.tone,
        "news_type": article.news_type,
        "category": article.category,
        "topic": article.topic,
        "copy_of": by_slug[article.copy_of].url if article.copy_of else None,
        "paragraph_of": [sentence.paragraph for sentence in article.sentences],
        "sentences": [_sentence(sentence) for sentence in article.sentences],
        "revision": _revision(article),
    }


def _revision(article: Article) -> dict[str, Any] | None:
    changed = article.revision
    if changed is None:
        return None
    return {
        "kind": changed.kind,
        "headline": changed.headline,
        "modified_at": changed.modified.isoformat() if changed.modified else None,
        "note": changed.note,
        "sentences": {str(number): _sentence(new) for number, new in changed.swap.items()},
    }


def _odd_page(page: OddPage, by_slug: Mapping[str, Article]) -> dict[str, Any]:
    return {
        "url": page.url,
        "outlet": page.outlet.publisher_id,
        "kind": page.kind,
        "expected": page.expected,
        "target": by_slug[page.target].url if page.target else None,
    }


def as_json(known: Mapping[str, list[Any]]) -> str:
    """Write one record a line, so that a changed article is a changed line."""
    parts = []
    for key, records in known.items():
        lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
        parts.append(f"{json.dumps(key)}: [\n{lines}\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    TRUTH_FILE.write_text(as_json(truth()))
