"""The data dictionary, and the crosswalk to the Media Bias Detector's table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.exports.columns import FORMS, Column, Table
from api.exports.tables import TABLES

INTRODUCTION = """# Data dictionary

Every column of a [research export](exports.md). Made by `newsroom export --dictionary` from the declarations that CSV headers,
Parquet schemas, `datapackage.json`, `croissant.json` and the README of every export are made from too; a test compares.
An empty cell is what is not known or was not labelled: it never stands for zero or for no.
"""

NO_COUNTERPART = """
Theirs without a counterpart here: none. `article_id` is in both and made otherwise: theirs and ours never agree, so join on
`url_clean` after the same normalisation, or on `publisher` and day with the headline. `datetime` is empty here where the page says nothing
(`listed_at` never is). `news_type`, lean and tone have the same values and scales. Topics are named by our codebook; between its names and
theirs see `annotator/codebook/crosswalk_mbd.toml`. Their five buckets of the scales: lean −5 −4 | −3 −2 | −1 0 1 | 2 3 | 4 5, tone
alike; ours are not rounded, so round first. Outlets have their own short codes in both tables: compare `publisher_full`.
"""


def page() -> str:
    """``docs/data-dictionary.md``."""
    kinds = "".join(f"| {kind} | {form} |\n" for kind, form in FORMS.items())
    parts = [
        INTRODUCTION,
        f"| type | how it is written |\n|---|---|\n{kinds}",
        *sections(TABLES, level="##"),
        "## Crosswalk to the Media Bias Detector's table (arXiv 2509.25649)\n\n"
        + crosswalk(TABLES)
        + NO_COUNTERPART,
    ]
    return "\n".join(parts)


def sections(tables: Iterable[Table], *, level: str) -> Iterator[str]:
    """One section a table."""
    for table in tables:
        rows = "".join(_row(column) for column in table.columns)
        key = ", ".join(f"`{name}`" for name in table.key)
        yield (
            f"{level} {table.name}\n\n{table.description} Key: {key}.\n\n"
            f"| column | type | meaning | values | example |\n|---|---|---|---|---|\n{rows}"
        )


def crosswalk(tables: Iterable[Table]) -> str:
    """Ours and theirs, where the meaning is the same."""
    pairs = [(t.name, c.name, c.mbd) for t in tables for c in t.columns if c.mbd]
    rows = "".join(f"| {table} | `{ours}` | `{theirs}` |\n" for table, ours, theirs in pairs)
    return f"| table | ours | theirs |\n|---|---|---|\n{rows}"


def _row(column: Column) -> str:
    values = ", ".join(column.values)
    if not values and column.low is not None:
        values = f"{column.low:g} …" + (f" {column.high:g}" if column.high is not None else "")
    unit = f" ({column.unit})" if column.unit else ""
    needed = "" if column.required else "?"
    example = "" if column.example is None else f"`{_plain(column.example)}`"
    meaning = column.description.replace("|", "\\|")
    return f"| `{column.name}` | {column.kind}{needed}{unit} | {meaning} | {values} | {example} |\n"


def _plain(example: str | float) -> str:
    return str(example).lower() if isinstance(example, bool) else str(example)
