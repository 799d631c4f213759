"""Does an article still name its own outlet once it is masked, and was anything else touched?

Run: ``python -m benchmarks.blindness`` (the demo web; with NEWSROOM_DATA_DIR the real pages too).
Every article goes through `annotator.blind.blind` and `annotator.masking.mask`, as a labeller
reads it. What is left is counted by rules written apart from theirs: plain case-insensitive
searches for the outlet's name, its domain and the abbreviations listed here. A token is damaged
if it stands in the masked text and did not stand there before.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator

from annotator import blind, masking
from annotator.quality.provenance import code_digest
from newsroom.errors import Refused
from newsroom.text import normalise, sentences
from newsroom.urls import registered_domain
from scraper.demo.content import load
from scraper.extraction.extract import extract

RESULTS = Path(__file__).parent / "results" / "quality"
NOW = datetime(2026, 12, 1, tzinfo=UTC)

# Display names and common abbreviations of the outlets of the real pages: general knowledge.
REAL = {
    "9news.com.au": ("9News", "Nine News"), "ap.org": ("Associated Press", "AP"),
    "apnews.com": ("Associated Press", "AP"), "bbc.com": ("BBC", "BBC News"),
    "businessinsider.com": ("Business Insider",), "canada.com": ("Canada.com",),
    "cbc.ca": ("CBC", "CBC News"), "citylimits.org": ("City Limits",), "cnbc.com": ("CNBC",),
    "cnn.com": ("CNN",), "dailymail.co.uk": ("Daily Mail", "MailOnline"),
    "dailystar.co.uk": ("Daily Star",), "euronews.com": ("Euronews",),
    "express.co.uk": ("Daily Express", "Express.co.uk"), "financialpost.com": ("Financial Post",),
    "floridatoday.com": ("Florida Today",), "foxnews.com": ("Fox News",),
    "freebeacon.com": ("Washington Free Beacon", "Free Beacon"),
    "globalnews.ca": ("Global News",), "independent.co.uk": ("The Independent",),
    "indiapost.com": ("India Post",), "inews.co.uk": ("i News", "inews"),
    "kaieteurnewsonline.com": ("Kaieteur News",), "kxan.com": ("KXAN",),
    "latimes.com": ("Los Angeles Times", "LA Times", "L.A. Times"), "metro.co.uk": ("Metro",),
    "mirror.co.uk": ("Daily Mirror", "The Mirror"), "msn.com": ("MSN",),
    "nationalpost.com": ("National Post",), "nature.com": ("Nature",),
    "newyorker.com": ("The New Yorker",), "observer.com": ("Observer",),
    "occupydemocrats.com": ("Occupy Democrats",), "ottawacitizen.com": ("Ottawa Citizen",),
    "polygraph.info": ("Polygraph.info",), "restofworld.org": ("Rest of World",),
    "reuters.com": ("Reuters",), "rollingstone.com": ("Rolling Stone",), "rt.com": ("RT",),
    "sciencealert.com": ("ScienceAlert",), "standard.co.uk": ("Evening Standard",),
    "techcrunch.com": ("TechCrunch",), "techradar.com": ("TechRadar",),
    "telegraph.co.uk": ("The Telegraph", "Daily Telegraph"),
    "thegatewaypundit.com": ("The Gateway Pundit",),
    "theglobeandmail.com": ("The Globe and Mail",),
    "theguardian.com": ("The Guardian",), "theintercept.com": ("The Intercept",),
    "thenation.com": ("The Nation",), "theprovince.com": ("The Province",),
    "therealdeal.com": ("The Real Deal",), "therepublic.com": ("The Republic",),
    "thesun.co.uk": ("The Sun",), "thewest.com.au": ("The West Australian",),
    "ukbdnews.com": ("UKBD News",), "viconsortium.com": ("VI Consortium", "V.I. Consortium"),
    "voanews.com": ("Voice of America", "VOA"),
    "washingtonpost.com": ("The Washington Post", "WaPo"),
    "washingtontimes.com": ("The Washington Times",), "wired.com": ("WIRED", "Wired"),
    "worldtruth.tv": ("WorldTruth.TV",),
}  # fmt: skip
# Names that are words: searched as written, and only after an article or beside a verb of speech.
WORDS = {"metro", "nature", "observer", "rt", "ap", "independent", "sun", "nation", "mirror",
         "telegraph", "province", "republic", "intercept", "guardian", "wired"}  # fmt: skip
SPOKEN = r"(?:told|tells|according to|reported by|writing (?:in|for)|interview with)"
TOKENS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One article, and whose it is."""

    set: str
    title: str
    text: str
    names: tuple[str, ...]
    domain: str
    bylines: tuple[str, ...]


def main() -> None:
    """Print and write ``benchmarks/results/quality/masking.json``."""
    folder = os.environ.get("NEWSROOM_DATA_DIR")
    pages = [*_demo(), *(_real(Path(folder) / "real_pages.warc.gz") if folder else ())]
    report = {
        "blind_digest": code_digest("../blind.py"),
        "masking_digest": masking.digest(),
        "sets": {
            name: _measured([page for page in pages if page.set == name])
            for name in dict.fromkeys(page.set for page in pages)
        },
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "masking.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def left(page: Page, text: str) -> list[str]:
    """What still names the outlet, with a little of what stands around it."""
    found = []
    for name in (page.domain, *page.names):
        bare = name.removeprefix("The ")
        if bare.lower() in WORDS:
            pattern = rf"\bThe {bare}\b(?! [A-Z])|\b{SPOKEN} (?:the )?{bare}\b(?! [A-Z])|\({bare}\)"
        else:
            pattern = rf"(?i:\b{re.escape(bare)}\b)"
        if " " in bare:  # an outlet's own short form: The Post for The Aldermoor Post
            pattern += rf"|\b(?-i:[Tt]he {re.escape(bare.split()[-1])}\b(?! [A-Z]))"
        found += [text[max(0, m.start() - 40) : m.end() + 40] for m in re.finditer(pattern, text)]
    return found


def altered(before: str, after: str) -> int:
    """Tokens of the masked text that were not there before, in order; placeholders aside."""
    old = TOKENS.findall(before.translate(masking.QUOTES))
    new = TOKENS.findall(after)
    placeholders = {w.lower() for w in (masking.PLACEHOLDER + " " + blind.REPORTER).split()}
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    strange = [
        token
        for kind, _, _, start, end in matcher.get_opcodes()
        if kind in {"insert", "replace"}
        for token in new[start:end]
        if token.lower() not in placeholders
    ]
    # U.S. becomes US, by rule, for all: the letters of the old text still stand there.
    return sum(".".join(token) + "." not in before for token in strange)


def _measured(pages: list[Page]) -> dict[str, int]:
    totals = dict.fromkeys(
        ("articles", "naming_before", "references_before", "naming_after", "references_after",
         "spans_hidden", "tokens", "tokens_damaged_by_blind", "tokens_altered_in_all",
         "sentence_counts_changed"), 0,
    )  # fmt: skip
    for page in pages:
        whole = f"{page.title}\n{page.text}"
        found = blind.blind(
            page.title, page.text, names=page.names, domain=page.domain, bylines=page.bylines
        )
        read = f"{masking.mask(found.title)}\n{masking.mask(found.text)}"
        before, after = left(page, whole), left(page, read)
        for reference in after:
            print(f"left: {page.domain}: {reference!r}")
        totals["articles"] += 1
        totals["naming_before"] += bool(before)
        totals["references_before"] += len(before)
        totals["naming_after"] += bool(after)
        totals["references_after"] += len(after)
        totals["spans_hidden"] += len(found.title_spans) + len(found.text_spans)
        totals["tokens"] += len(TOKENS.findall(whole))
        totals["tokens_damaged_by_blind"] += blind.damaged_tokens(
            page.title, found.title, found.title_spans
        ) + blind.damaged_tokens(page.text, found.text, found.text_spans)
        totals["tokens_altered_in_all"] += altered(whole, read)
        totals["sentence_counts_changed"] += len(sentences(page.text)) != len(sentences(found.text))
    return totals


def _demo() -> Iterator[Page]:
    for article in load().articles:
        yield Page(
            set="demo web", title=article.headline, text=normalise(article.text),
            names=(article.outlet.name,), domain=article.outlet.domain, bylines=article.authors,
        )  # fmt: skip


def _real(path: Path) -> Iterator[Page]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response":
                continue
            url = record.rec_headers["WARC-Target-URI"]
            domain = registered_domain(urlsplit(url).hostname or "")
            try:
                found = extract(record.content_stream().read(), url, now=NOW)
            except Refused:
                continue
            yield Page(
                set="real pages", title=found.title, text=found.text, names=REAL[domain],
                domain=domain, bylines=found.bylines,
            )  # fmt: skip


if __name__ == "__main__":
    main()
