from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.demo.content import load
from scraper.revisions.kinds import Kind, Version, compare, cosmetic

TITLE = "Council votes to close the bridge"
TEXT = (
    "The council voted on Monday to close the old bridge. “It is not safe,” the mayor said.\n"
    "A ferry will run in June — every half hour. The repairs will cost two million.\n"
    "Traders on the quay were not asked."
)
BASE = Version(title=TITLE, text=TEXT)


def changed(old: str, new: str) -> Version:
    assert old in TEXT
    return Version(title=TITLE, text=TEXT.replace(old, new))


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("“", '"').replace("”", '"'),
        TEXT.replace(" — ", "–"),
        TEXT.replace("\n", " "),
        TEXT + "\nUpdated 3:45 p.m. ET, Monday, March 2, 2026",
        "Published March 2, 2026 at 9:00 AM EST\n" + TEXT,
        "5 min read\n"
        + TEXT
        + "\nAdvertisement\nShare this article\nRelated: Ferries of the north",
        TEXT + "\nSign up for our newsletter about bridges",
    ],
)
def test_what_tells_a_reader_the_same(text: str) -> None:
    assert cosmetic(BASE, Version(title=TITLE, text=text))
    assert cosmetic(Version(title=TITLE, text=text), BASE)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("two million", "three million"),
        TEXT.replace("not safe", "safe"),
        TEXT.replace("Monday", "monday"),
        TEXT + "\nUpdated death toll: 12 people died",
        TEXT + "\nUpdated Monday: the mayor resigned",
        TEXT + "\nShare of the costs: half",
        TEXT.replace("Traders on the quay were not asked.", ""),
    ],
)
def test_what_tells_a_reader_something_else(text: str) -> None:
    assert not cosmetic(BASE, Version(title=TITLE, text=text))


@given(st.integers(0, 35), st.sampled_from(["", "never", "Dunvale", "4"]))
def test_no_word_can_be_slipped_in_or_out(place: int, word: str) -> None:
    lines = TEXT.split("\n")
    words = [w for line in lines for w in [*line.split(" "), "\n"]]
    place %= len(words)
    if words[place] == "\n" or not any(c.isalnum() for c in words[place]):
        return
    new = [*words[:place], word, *words[place + 1 :]]
    assert not cosmetic(BASE, Version(title=TITLE, text=" ".join(new)))


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (Version(title="Bridge to close", text=TEXT), Kind.HEADLINE),
        (Version(title="Bridge to close", text=TEXT.replace("“", '"')), Kind.HEADLINE),
        (changed("two million", "three million"), Kind.SILENT_EDIT),
        (Version(title=TITLE, text=TEXT.replace("two", "three")
                 + "\nAn earlier version of this article misstated the costs."), Kind.CORRECTION),
        (Version(title=TITLE, text=f"Correction: It is June, not July.\n{TEXT}"), Kind.CORRECTION),
        (Version(title=TITLE, text=f"{TEXT}\nOn Tuesday the ferry broke down."), Kind.UPDATE),
        (Version(title=TITLE, text=TEXT.replace("two", "three")
                 + "\nThis story has been updated with the costs."), Kind.UPDATE),
        (changed(" The repairs will cost two million.", ""), Kind.REMOVAL),
        (changed("\nTraders on the quay were not asked.", "\nTraders welcomed it."), Kind.SILENT_EDIT),
    ],
)  # fmt: skip
def test_kinds(after: Version, kind: Kind) -> None:
    verdict = compare(BASE, after)
    assert verdict.kind is kind
    assert verdict.title_changed is (after.title != TITLE)
    assert (verdict.note is not None) is (kind is Kind.CORRECTION or "updated with" in after.text)


def test_a_note_that_stood_before_excuses_nothing() -> None:
    noted = TEXT + "\nThis article has been corrected."
    after = noted.replace("two million", "three million")
    assert compare(Version(title=TITLE, text=noted), Version(title=TITLE, text=after)).kind is (
        Kind.SILENT_EDIT
    )


@pytest.mark.parametrize(
    "article", [a for a in load().articles if a.revision], ids=lambda a: a.slug
)
def test_the_demo_webs_revisions_are_told_as_their_author_meant_them(article) -> None:
    before, after = article.in_edition(1), article.in_edition(2)
    note = f"\n{after.note}" if after.note else ""
    verdict = compare(
        Version(title=before.headline, text=before.text),
        Version(title=after.headline, text=after.text + note),
    )
    assert verdict.kind == article.revision.kind
    assert verdict.title_changed == (before.headline != after.headline)
