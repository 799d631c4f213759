"""Rows of a list, read page by page as they are walked, and made into tables on request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from newsroom.client.asking import Door, Json, Parameters, Value, spelt
from newsroom.client.tables import pandas_table, polars_table
from newsroom.errors import BadRequest

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

PAGE_ROWS: Final = 200  # the API's largest page
# What a walk decides itself, and what stands here for it.
WALKED: Final[Mapping[str, str]] = {
    "limit": "take as many rows as you need with .head(10)",
    "cursor": "pages are walked for you",
    "count": "ask for .total()",
}


class Rows:
    """A list of the API: iterate over it for its rows, each a dict.

    Nothing is asked before the first row is needed, and one page is held at a time. Walking again
    asks again, so two walks can differ where rows were added; ``as_of`` makes them the same.
    """

    def __init__(
        self, door: Door, path: str, values: Mapping[str, Value], *, paged: bool = True
    ) -> None:
        for name in values if paged else ():
            if name in WALKED:
                raise BadRequest("bad-parameter", f"no {name} here: {WALKED[name]}", field=name)
        self._door = door
        self._path = path
        self._paged = paged
        self._meta: Json | None = None
        self.parameters: Parameters = spelt(values)

    def __repr__(self) -> str:
        return f"<rows of {self.address}>"

    @property
    def address(self) -> str:
        """Path and parameters of the list."""
        asked = urlencode(self.parameters)
        return f"{self._path}?{asked}" if asked else self._path

    def __iter__(self) -> Iterator[Json]:
        return self._walk(PAGE_ROWS)

    def _walk(self, page_rows: int) -> Iterator[Json]:
        cursor: str | None = None
        while True:
            page = self._page(page_rows, cursor)
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _page(self, rows: int, cursor: str | None = None) -> Json:
        more = [("limit", str(rows))] if self._paged else []
        if cursor is not None:
            more.append(("cursor", cursor))
        page = self._door.get(self._path, [*self.parameters, *more])
        self._meta = self._meta or page["meta"]
        return page

    @property
    def meta(self) -> Json:
        """What the API says of the list: whose labels, as of when, which interval."""
        if self._meta is None:
            self._page(1)
        assert self._meta is not None
        return self._meta

    def head(self, n: int = 10) -> list[Json]:
        """The first rows, and no more of the pages than it takes."""
        return list(islice(self._walk(max(1, min(n, PAGE_ROWS))), n))

    def total(self) -> int:
        """How many rows the list has, counted by the API."""
        if not self._paged:
            return sum(1 for _ in self)
        asked = [*self.parameters, ("limit", "1"), ("count", "true")]
        return int(self._door.get(self._path, asked)["meta"]["total"])

    def cite(self) -> Json:
        """How to cite exactly this list: see :meth:`newsroom.client.Newsroom.cite`."""
        return self._door.get("/v1/cite", [("of", self.address)])

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas DataFrame; nested columns have dotted names, ``labels.lean``.

        Columns are nullable: what is unknown is NA and never a number. Times are UTC. Raises
        Misconfigured ``pandas-missing``.
        """
        return pandas_table(self)

    def to_polars(self) -> pl.DataFrame:
        """The same as a polars DataFrame. Raises Misconfigured ``polars-missing``."""
        return polars_table(self)
