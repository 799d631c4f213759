"""Composed statements: each is prepared whole, with every condition, order and dimension once.

Statements that are plain constants are prepared by test_sql with all others of the store.
"""

from __future__ import annotations

import itertools
import re

import psycopg
import pytest
from psycopg.sql import SQL, Composable

from newsroom.store.reading import articles, events, pipeline, runs, trends, where

PARAMETER = re.compile(r"%\((\w+)\)s")


def of_articles():
    for order in articles.ORDERS.values():
        for name in where.ARTICLES:
            yield articles.LIST.format(
                row=articles.ROW, joins=articles.JOINS, order=order, where=where.ARTICLES[name]
            )
    for name in where.ARTICLES:
        yield articles.COUNT.format(where=where.ARTICLES[name])
    yield articles.ONE


def of_events():
    for order in events.ORDERS.values():
        for condition in where.EVENTS.values():
            yield events.LIST.format(columns=events.COLUMNS, order=order, where=condition)
    for condition in where.EVENTS.values():
        yield events.COUNT.format(where=condition)
    for condition in where.STORIES.values():
        yield events.STORY_LIST.format(columns=events.STORY_COLUMNS, where=condition)
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
    for metric in trends.METRICS:
        for by in pairs:
            spy = Spy()
            trends.cells(
                spy, where.Where(names=tuple(where.ARTICLES)), metric=metric, by=by, rows=9
            )
            yield spy.query


@pytest.mark.parametrize("statements", [of_articles, of_events, of_runs, of_refusals, of_trends])
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
