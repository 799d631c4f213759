"""Counts the words of a background corpus: ``python -m annotator.events.background --data DIR``.

Writes ``word_df.tsv`` beside this file: how many of the 27,252 AllSides articles (Apache-2.0
compilation, ramybaly/Article-Bias-Prediction) hold each word in title and lead. Counts of single
words in at least 20 articles, nothing of the articles themselves.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from pyarrow import parquet

from annotator.events.signature import LEAD_CHARS, RAREST, content_words

SOURCES = ("lean_allsides_articles.part0.parquet", "lean_allsides_articles.part1.parquet")


def main() -> None:
    """Count and write; the same data gives the same file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    folder = parser.parse_args().data / "train"
    counts: Counter[str] = Counter()
    documents = 0
    for name in SOURCES:
        for row in parquet.read_table(folder / name, columns=["title", "text"]).to_pylist():
            counts.update(set(content_words(f"{row['title']}\n{row['text'][:LEAD_CHARS]}")))
            documents += 1
    lines = [f"{word}\t{n}" for word, n in sorted(counts.items()) if n >= RAREST]
    target = Path(__file__).with_name("word_df.tsv")
    target.write_text("\n".join([f"documents\t{documents}", *lines]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
