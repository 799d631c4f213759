"""The outlets as a page to read: ``python -m scraper.outlets.page`` writes docs/outlets.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scraper.outlets import registry
from scraper.outlets.floors import DEFAULT
from scraper.outlets.health import SAMPLE_MIN
from scraper.outlets.reference_lean import DATED_MIN, SHARE_MIN
from scraper.outlets.registry import Outlet

PATH = Path(__file__).parents[2] / "docs" / "outlets.md"

HEAD = """\
# Outlets

Made from `scraper/publishers/*.toml` by `python -m scraper.outlets.page`; a test holds it current.

{count} outlets, {verified} of them verified. An outlet that is not verified has addresses written
down from general knowledge: nobody has asked the live site yet, and some of them will be wrong.
"""

COLUMNS = (
    "outlet",
    "id",
    "country",
    "medium",
    "ways in",
    "time zone",
    "delay",
    "least a day",
    "rated",
)

LEAN = f"""
**Ways in**: front page, feeds, sitemaps. **Least a day**: new articles on a working day / on a
weekend day below which the day is looked into. **Rated**: how AllSides rated the outlet, counted
from the dated labels that the Article-Bias-Prediction corpus (Baly et al. 2020, Apache-2.0) carries
for its articles: the one label that at least {SHARE_MIN:.0%} of them share, `mixed` where none is,
nothing with fewer than {DATED_MIN} dated articles; behind it their number and their years. Ratings
change; these end in 2020. They are for readers, to know where a list of outlets comes from: no
labeller sees them, and nothing is computed from them.
`newsroom publishers rate --data FOLDER --write` counts again.
"""

HEALTH = f"""
## When a source falls silent

An outlet from which nothing comes may have published nothing, or we may not have heard it. Each
day of each outlet, in its own time zone, is judged when a crawl ends and again once it is over
(table `source_health`; `newsroom publishers health` shows it, `newsroom publishers audit` judges
again from the tables and ends with exit code 3 where an outlet was not heard):

| verdict | what it means | may a missing article be read as absence? |
|---|---|---|
| `ok` | we looked, and what came meets the outlet's floors | yes |
| `quiet` | we looked, everything answered and was understood, and it was little | yes |
| `kept-out` | we looked and were refused: robots.txt, 401, 403, 429, 451, a stopped host | no |
| `broken` | we looked, and what came falls short: listings that cannot be read or name nothing, \
fill rates under the floor, pages that are no articles, a whole day without anything new, a crawl \
cut off | no |
| `not-crawled` | we did not look, or not again within 26 hours of the last look | no |

Nothing is ever put in the place of what is missing: `gaps` names the days, and figures over them
say so. A day that is not over is `unfinished`. Floors are judged on at least {SAMPLE_MIN} articles
(or pages); a maximum only warns. Where a file says nothing:

| floor | least | of |
|---|---|---|
| `articles_per_day`, `articles_per_weekend_day` | {DEFAULT.articles_per_day}, \
{DEFAULT.articles_per_weekend_day} | articles new on that day; above `articles_per_day_max` \
({DEFAULT.articles_per_day_max}) is a warning |
| `title`, `date`, `byline` | {DEFAULT.title:g}, {DEFAULT.date:g}, {DEFAULT.byline:g} | \
new articles that have one |
| `body_words_median` | {DEFAULT.body_words_median} | words |
| `accepted` | {DEFAULT.accepted:g} | fetched pages that are articles |

## To add an outlet

1. `scraper/publishers/ID.toml`: copy one of the same medium. Unknown keys are refused by name.
   `article_url` is searched in the path of an address. `examples` are at least two paths of the
   outlet's shape (of made-up stories) that it must match, `other_pages` those it must not: they are
   its fixture, checked whenever the file is read. `delay_s` is at least {registry.DELAY_FLOOR_S:g}.
   Leave `verified = false`.
2. `python -m scraper.outlets.page`.

An outlet that needs a parser of its own also gets a page of our own writing in
`tests/scraper/pages`.

## To verify one

`newsroom publishers check ID --live` asks every address of the file, politely, and says how many
addresses each named. Where all of them serve it prints the lines to write, and `--write` writes
them: `verified = true` and the date.
"""


def page(outlets: Sequence[Outlet]) -> str:
    """The whole page in Markdown."""
    verified = sum(outlet.publisher.verified for outlet in outlets)
    rows = [" | ".join(COLUMNS), "|".join("---" for _ in COLUMNS), *map(_row, outlets)]
    table = "\n".join(f"| {row} |" if "---" not in row else f"|{row}|" for row in rows)
    return f"{HEAD.format(count=len(outlets), verified=verified)}\n{table}\n{LEAN}{HEALTH}"


def _row(outlet: Outlet) -> str:
    p, floors, lean = outlet.publisher, outlet.floors, outlet.reference_lean
    rated = f"{lean.label} ({lean.n:,}; {lean.since:%Y}–{lean.as_of:%Y})" if lean else ""
    return " | ".join(
        (
            f"[{p.name}]({outlet.front_page})",
            p.publisher_id,
            p.country,
            str(outlet.medium),
            f"1 + {len(outlet.feeds)} + {len(outlet.sitemaps)}",
            p.timezone,
            f"{outlet.delay_s:g} s",
            f"{floors.articles_per_day} / {floors.articles_per_weekend_day}",
            rated,
        )
    )


if __name__ == "__main__":
    PATH.write_text(page(registry.load().outlets), encoding="utf-8")
