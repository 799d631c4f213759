"""Composed statements: each is prepared whole, with every condition, order and dimension once.

Statements that are plain constants are prepared by test_sql with all others of the store.
"""

from __future__ import annotations

import itertools
import re

import psycopg
import pytest
from psycopg.sql import SQL, Composable

from newsroom.store.reading import (
    annotations,
    articles,
    events,
    front_pages,
    past,
    pipeline,
    runs,
    slices,
    trends,
    where,
)

PARAMETER = re.compile(r"%\((\w+)\)s")


def of_articles():
    for conditions, then in ((where.ARTICLES, False), (where.ARTICLES_THEN, True)):
        for condition in conditions.values():
            both = SQL("{} AND {}").format(where.shown(then=then), condition)
            for order in articles.ORDERS.values():
                yield articles.LIST.format(
                    row=articles.ROW, joins=articles.joins(then=then), order=order, where=both
                )
            yield articles.COUNT.format(where=both)
            yield slices.SPAN.format(where=both)
    yield from (articles.ONE, articles.REVISIONS)


def of_annotations():
    for condition in where.ANNOTATIONS.values():
        for order in annotations.ORDERS.values():
            for made in (annotations.ALL, annotations.OF_DAYS):
                yield annotations.LIST.format(made=made, where=condition, order=order)
        yield annotations.COUNT.format(where=condition)


def of_front_pages():
    for condition in where.FRONT_PAGES.values():
        for order in front_pages.ORDERS.values():
            yield front_pages.LIST.format(where=condition, order=order)
        yield front_pages.COUNT.format(where=condition)


def of_the_past():
    yield from (
        past.EVENTS,
        past.STORY_OF,
        past.STORY,
        past.MEMBERS,
        past.COVERAGE,
        past.NOT_STORED,
    )


def of_events():
    for order in events.ORDERS.values():
        for condition in where.EVENTS.values():
            yield events.LIST.format(columns=events.COLUMNS, order=order, where=condition)
    for condition in where.EVENTS.values():
        yield events.COUNT.format(where=condition)
    for condition in where.STORIES.values():
        for order in events.STORY_ORDERS.values():
            yield events.STORY_LIST.format(
                columns=events.STORY_COLUMNS, where=condition, order=order
            )
        yield events.STORY_COUNT.format(where=condition)
    yield from (events.ONE, events.OF_STORY, events.MEMBERS, events.STORY_ONE)


def of_runs():
    yield from (runs.PAGE, runs.ONE)


def of_refusals():
    for condition in where.REFUSALS.values():
        yield pipeline.REFUSED.format(where=condition)
        yield pipeline.REFUSED_COUNT.format(where=condition)


class Spy:
    """Takes the place of a connection to catch the composed statement."""

    def execute(self, query: Composable, _values: object) -> Spy:
        self.query = query
        return self

    def fetchall(self) -> list:
        return []


def of_trends():
    pairs = [(d,) for d in trends.DIMENSIONS] + list(itertools.permutations(trends.DIMENSIONS, 2))
    # One of each form: the others differ in the name of a column.
    for metric in ("articles", "lean", "opinion_share", "fact_sentences", trends.BALANCE):
        for by in pairs:
            alone = itertools.product(("article", "outlet", "prominence"), (None, 1))
            for weights, as_of in alone if len(by) == 1 else [("article", None)]:
                spy = Spy()
                question = where.Where(names=tuple(where.ARTICLES), values={"as_of": as_of})
                trends.cells(spy, question, metric=metric, by=by, rows=9, weights=weights)
                yield spy.query


@pytest.mark.parametrize("statements", [of_articles, of_events, of_runs, of_refusals, of_annotations, of_front_pages, of_the_past,
                                        of_trends])  # fmt: skip
def test_prepares(statements, template_url: str) -> None:
    with psycopg.connect(template_url) as conn:
        for number, statement in enumerate(statements()):
            names: list[str] = []

            def numbered(match: re.Match[str], names: list[str] = names) -> str:
                if match[1] not in names:
                    names.append(match[1])
                return f"${names.index(match[1]) + 1}"

            text = PARAMETER.sub(numbered, statement.as_string(conn))
            conn.execute(f"PREPARE checked{number} AS {text}")


def test_a_question_without_conditions_is_true() -> None:
    assert where.Where().sql(where.ARTICLES) == SQL("true")


def test_only_known_conditions_can_be_named() -> None:
    with pytest.raises(KeyError):
        where.Where(names=("; DROP TABLE articles",)).sql(where.ARTICLES)
