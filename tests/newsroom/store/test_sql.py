"""Every statement of the store is prepared against the migrated schema: a wrong column fails here.

Constants that start with an underscore are fragments of statements.
"""

from __future__ import annotations

import importlib
import pkgutil
import re

import psycopg
import pytest

import newsroom.store

PARAMETER = re.compile(r"%\((\w+)\)s")
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


def statements():
    for info in pkgutil.walk_packages(newsroom.store.__path__, "newsroom.store."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if (
                name.isupper()
                and not name.startswith("_")
                and isinstance(value, str)
                and value.strip().startswith(VERBS)
            ):
                yield pytest.param(value, id=f"{info.name.removeprefix('newsroom.store.')}.{name}")


@pytest.mark.parametrize("sql", list(statements()))
def test_prepares(sql: str, template_url: str) -> None:
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    text = PARAMETER.sub(numbered, sql).replace("%%", "%")
    with psycopg.connect(template_url) as conn:
        conn.execute(f"PREPARE checked AS {text}")
