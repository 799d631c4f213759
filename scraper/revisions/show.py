"""Changes, diffs, copies and looks for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

STYLES = {"added": "green", "removed": "red strike"}
MARKS = {"added": "{{+{}+}}", "removed": "[-{}-]", "same": "{}"}
Row = Mapping[str, Any]


def changes(rows: Sequence[Row]) -> None:
    """One row a change, newest first."""
    table = Table("seen", "outlet", "kind", "words", "headline", "article")
    for row in rows:
        words = f"+{row['words_added']} −{row['words_removed']}" if row["kind"] is not None else "–"
        table.add_row(
            f"{row['seen_at']:%Y-%m-%d %H:%M}",
            row["publisher_id"],
            f"{row['kind'] or 'not told apart'}{' *' if row['reader_changed'] else ''}",
            words,
            headline(row),
            row["article_id"],
        )
    if any(row["reader_changed"] for row in rows):
        table.caption = "* read by another version of the extractor: some of it may be ours"
    Console().print(table)


def headline(row: Row) -> Text:
    """Old and new headline where it changed, else the headline."""
    if not row["title_changed"]:
        return Text(row["title"])
    return Text.assemble((row["title_before"], STYLES["removed"]), "\n", (row["title"], "green"))


def article(history: Row) -> None:
    """Everything of one article: when it was looked at, and what changed each time."""
    console = Console()
    console.print(Text(f"{history['publisher']}: {history['url']}"))
    table = Table("from", "to", "looks", "found", title="Looks", title_justify="left")
    for row in history["looks"]:
        found = row["finding"] if row["revision"] is None else f"revision {row['revision']}"
        if row["finding"] == "stale":
            found += " (a cache's old copy)"
        table.add_row(_minute(row["first_at"]), _minute(row["last_at"]), str(row["looks"]), found)
    console.print(table)
    table = Table("from", "to at least", "headline", title="Headlines", title_justify="left")
    for row in history["headlines"]:
        table.add_row(_minute(row["first_at"]), _minute(row["last_at"]), Text(row["title"]))
    for row in history["front_page_headlines"]:
        shown = Text(f"{row['text']} (front page of {row['publisher_id']})")
        table.add_row(_minute(row["first_seen"]), _minute(row["last_seen"]), shown)
    console.print(table)
    for change in history["changes"]:
        _change(console, change)


def _change(console: Console, change: Row) -> None:
    console.rule(
        f"revision {change['before']} → {change['after']}: {change['kind'] or 'not told apart'}, "
        f"made between {_minute(change['not_after'])} and {_minute(change['seen_at'])}",
        align="left",
    )
    if change["note"]:
        console.print(Text(f"the page says: {change['note']}", "italic"))
    if change["reader_changed"]:
        console.print("read by another version of the extractor: some of it may be ours")
    shown = change["diff"]
    coloured = console.is_terminal and not console.no_color
    console.print(pieces(shown["title"], coloured=coloured, bold=True))
    for edit in shown["text"]:
        console.print(Text("· ").append_text(pieces(edit["pieces"], coloured=coloured)))
    console.print(Text(f"{shown['sentences_same']} sentences as before", "dim"))
    _labels(console, change["labels"])


def pieces(parts: Sequence[Row], *, coloured: bool, bold: bool = False) -> Text:
    """Words with what was removed struck and what was added in green, or marked as wdiff does."""
    base = "bold " if bold else ""
    return Text.assemble(
        *(
            (
                part["text"] if coloured else MARKS[str(part["op"])].format(part["text"]),
                (base + STYLES.get(str(part["op"]), "")).strip(),
            )
            for part in parts
        )
    )


def _labels(console: Console, compared: Row) -> None:
    if not compared["labels"]:
        console.print(Text(f"labels: {compared['why_not']}", "dim"))
        return
    table = Table("question", "of", "before", "after")
    if compared["comparable"]:
        table.caption = f"both by run {compared['run_before'][:12]}"
    else:
        table.caption = f"not comparable: {compared['why_not']}"
    for line in compared["labels"]:
        table.add_row(line["stage"], line["scope"], _label(line["before"]), _label(line["after"]))
    console.print(table)


def _label(cell: Row | None) -> str:
    if cell is None:
        return "–"
    score = "" if cell["score"] is None else f" {cell['score']:+.1f}"
    return f"{cell['label'] or ''}{score}".strip()


def duplicates(report: Row) -> None:
    """Articles of each outlet before and after copies are taken out."""
    total = report["total"]
    table = Table(title=f"{total['articles']:,} articles, {total['originals']:,} texts")
    names = ("outlet", "articles", "originals", "same text", "near copies", "wire copies",
             "of its own", "of others", "credited originals")  # fmt: skip
    for name in names:
        table.add_column(name, justify="left" if name == "outlet" else "right")
    for row in report["outlets"]:
        table.add_row(
            row["publisher_id"],
            *(
                f"{row[key]:,}"
                for key in ("articles", "originals", "same_text", "near_copies", "wire_copies",
                            "within_outlet", "across_outlets", "credited_originals")
            ),
        )  # fmt: skip
    console = Console()
    console.print(table)
    if report["sources"]:
        table = Table("source", "articles", "originals", "outlets", title="Whose texts they are")
        for row in report["sources"]:
            numbers = (f"{row[key]:,}" for key in ("articles", "originals", "outlets"))
            table.add_row(row["source"], *numbers)
        console.print(table)


def group(rows: Sequence[Row]) -> None:
    """An original and its copies."""
    table = Table("", "outlet", "published", "words", "share", "source", "headline", "article")
    table.columns[0].no_wrap = True
    for row in rows:
        share = "" if row["similarity"] is None else f"{row['similarity']:.2f}"
        table.add_row(
            row["duplicate_reason"] or "original",
            row["publisher_id"],
            _minute(row["published_at"] or row["fetched_at"]),
            f"{row['words']:,}",
            share,
            row["wire_source"] or "",
            Text(row["title"]),
            row["article_id"],
        )
    table.caption = "share: of their word triples that copy and original have in common"
    Console().print(table)


def _minute(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
