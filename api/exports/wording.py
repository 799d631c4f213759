"""What every export says about its labels, in the words that all its descriptions share."""

from __future__ import annotations

from typing import Final

LICENCE: Final = "Apache-2.0"
LICENCE_URL: Final = "https://www.apache.org/licenses/LICENSE-2.0"
RIGHTS: Final = (
    "Labels, numbers and structure are under Apache-2.0. Headlines and addresses are quoted to "
    "identify the articles; rights in them and in the articles stay with the outlets. The text of "
    "articles is not part of this export."
)
COLLECTED: Final = (
    "Public pages of news outlets, found through their feeds, sitemaps and front pages, fetched "
    "under robots.txt with at least five seconds between requests to a host. Paywalls are not "
    "worked around."
)
PROTOCOL: Final = (
    "Labels are made by a machine under a published codebook. Names of the article's own outlet "
    "and reporters are masked before labelling. Nothing is imputed: what was not labelled, or "
    "could not be, is empty."
)
BIASES: Final = (
    (
        "Lean of a single article of an outlet that the model never saw is right in well under two "
        "cases of three: use means over many articles, with intervals, and never rank by single "
        "labels."
    ),
    (
        "The scale of lean is that of the two large parties of the United States; elsewhere it "
        "measures little."
    ),
    (
        "Outlets were chosen by people and are not a sample of the press; those that refuse us "
        "or stand behind paywalls are under-represented."
    ),
    "Texts are read mostly in English; labels of other languages were not validated.",
)
LIMITS: Final = (
    "A fact is a statement that could be checked; it was not checked.",
    (
        "Absence of an article is no absence of coverage on days that were not crawled well: see "
        "source_health and the completeness below."
    ),
    "Live blogs, letters, sponsored pieces and the like have a form; leave them out of averages.",
    "An article that was taken down has left every table, also of snapshots made before.",
)
USES: Final = (
    "Comparing what outlets cover, how prominently and in which tone, over many articles. Not for "
    "judging single articles, journalists or persons."
)
PERSONAL: Final = (
    "Bylines are public names of authors. Headlines and labellers' reasons may name persons in "
    "the news."
)
UPKEEP: Final = (
    "An export never changes. The same snapshot id gives the same bytes again, unless an article "
    "in it was taken down; a new export has a new id."
)
EMPTY: Final = (
    "**This slice is empty:** no article answers its filters. The tables have their headers and no "
    "rows of articles."
)
WEIGHTS: Final = {
    "weight_article": "every article counts the same: 1",
    "weight_outlet": "every outlet counts the same: 1 / its articles in the slice",
    "weight_prominence": "by the best place an article had on its outlet's front page: "
    "1 / log2(1 + best_rank); empty where it was never seen there",
}
