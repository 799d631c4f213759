"""Tables of rows. pandas and polars are wanted only by who asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Row = Mapping[str, Any]
# The API's names of days; its times all end in _at.
DAYS: Final = frozenset({"day", "week", "month"})


def flat(rows: Iterable[Row]) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns in order of appearance, and the rows under them.

    Objects inside a row become columns with dotted names. Where one of them is null, so are its
    columns. Lists stay as they are.
    """
    found = [dict(_flat("", row)) for row in rows]
    columns = list(dict.fromkeys(name for row in found for name in row))
    outer = {name for name in columns if any(other.startswith(f"{name}.") for other in columns)}
    return [name for name in columns if name not in outer], found


def pandas_table(rows: Iterable[Row]) -> pd.DataFrame:
    """A pandas DataFrame with nullable columns."""
    pandas = _library("pandas")
    columns, found = flat(rows)
    table = {name: _series(pandas, name, [row.get(name) for row in found]) for name in columns}
    frame: pd.DataFrame = pandas.DataFrame(table, columns=columns)
    return frame


def polars_table(rows: Iterable[Row]) -> pl.DataFrame:
    """A polars DataFrame."""
    polars = _library("polars")
    columns, found = flat(rows)
    table = {name: [row.get(name) for row in found] for name in columns}
    frame: pl.DataFrame = polars.DataFrame(table, strict=False)
    texts = [name for name, kind in frame.schema.items() if kind == polars.String]
    moments = [polars.col(name).str.to_datetime(time_zone="UTC") for name in texts if _at(name)]
    dates = [polars.col(name).str.to_date() for name in texts if name in DAYS]
    return frame.with_columns(*moments, *dates)


def _flat(prefix: str, row: Row) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield prefix + name, value


def _at(name: str) -> bool:
    return name.endswith("_at")


def _series(pandas: Any, name: str, values: list[Any]) -> Any:
    if _at(name):
        return pandas.to_datetime(pandas.Series(values, dtype=object), utc=True, format="ISO8601")
    if name in DAYS:
        return pandas.to_datetime(pandas.Series(values, dtype=object), format="%Y-%m-%d")
    kinds = {type(value) for value in values if value is not None}
    for these, dtype in (
        ({bool}, "boolean"),
        ({int}, "Int64"),
        ({int, float}, "Float64"),
        ({str}, "string"),
    ):
        if kinds and kinds <= these:
            return pandas.Series(values, dtype=dtype)
    return pandas.Series(values, dtype=object)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise Misconfigured(
            f"{name}-missing", f"this table needs {name}: pip install {name}"
        ) from error
