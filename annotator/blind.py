"""Hide an article's own outlet and its own reporters before any labeller sees it.

`masking.mask` knows outlets in general; this knows whose article it is, so it also finds names that
no list holds. Spans are replaced, nothing is deleted: sentences keep their numbers, and every token
outside the spans is the one the reader sees. A name that is an ordinary word (`Time`, `The Hill`)
goes only where the context shows that the outlet is meant.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.masking import PLACEHOLDER, SPEECH_AFTER, SPEECH_BEFORE
from newsroom.text import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

REPORTER = "the reporter"
# Names of outlets, or their last words, that are words of ordinary prose too.
ORDINARY_WORDS = (
    "advance advertiser advocate age american argus atlantic banner beacon bee blade blaze "
    "bugle bulletin bulwark call caller chronicle citizen conversation courier cut daily "
    "democrat dispatch docket ebony echo economist elle enquirer essence examiner express "
    "federalist fortune free gazette globe grist guardian headlines herald hill independent "
    "inquirer insider intelligencer intercept journal key leader ledger light local mail "
    "mercury messenger metro mic mirror money monitor morning nation nature news observer onion "
    "outlook packet patriot people pilot post press progress quartz reason record recorder "
    "reflector register reporter republic republican review ringer root salon science sentinel "
    "signal slate spectator sport standard star state statesman sun tablet telegraph time times "
    "transcript tribune truth union us variety verge vice vindicator voice vox watch week "
    "weekly west wire wired world wrap"
)
ORDINARY = frozenset(ORDINARY_WORDS.split())
# "The Post" is how an outlet speaks of itself; these mean something else with an article, too.
PROPER_WORDS = (
    "american citizen democrat hill independent nation nature people press republic republican "
    "science star state sun union us west world"
)
ALSO_PROPER = frozenset(PROPER_WORDS.split())
ACTING = (
    r"(?:has (?:learned|obtained|reviewed|asked|contacted)|learned|obtained|reviewed|contacted|"
    r"interviewed|understands|can reveal|requested|previously reported)"
)
OWNING = r"(?:reporting|newsroom|reporters?|readers|website|editors?|editorial|investigation)"
PARTICLES = frozenset(
    ("al", "and", "bin", "da", "de", "del", "den", "der", "di", "la", "of", "van", "von")
)
TOKEN = re.compile(r"\w+")
SPACE = "[ \u00a0]"
NO_CAPITAL = rf"(?!{SPACE}[A-Z])"
MID_SENTENCE = r"(?<=[\w,;] )"


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """One hidden span: offsets into the original, and what stands there now."""

    start: int
    end: int
    put: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blinded:
    """An article without its own outlet and reporters, and the spans that were hidden."""

    title: str
    text: str
    title_spans: tuple[Masked, ...]
    text_spans: tuple[Masked, ...]


def blind(
    title: str, text: str, *, names: Iterable[str], domain: str, bylines: Iterable[str]
) -> Blinded:
    """Hide the outlet's ``names``, its ``domain`` and its ``bylines`` in headline and body.

    ``names`` are the registry's name and any short names; ``bylines`` are names of people or of
    agencies as the page states them. Empty strings are ignored.
    """
    outlet = _outlet(tuple(sorted({n.strip() for n in names if n.strip()})), domain.strip().lower())
    people = _people(tuple(sorted({b.strip() for b in bylines if b.strip()})))
    title_spans, text_spans = (_spans(part, outlet, people) for part in (title, text))
    return Blinded(
        title=_replaced(title, title_spans), text=_replaced(text, text_spans),
        title_spans=title_spans, text_spans=text_spans,
    )  # fmt: skip


@cache
def digest() -> str:
    """Short hash of these rules, part of every run."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


def damaged_tokens(before: str, after: str, spans: Sequence[Masked]) -> int:
    """How many tokens outside the spans are not the same, in the same order, in ``after``.

    A token that a span cuts in two counts as damaged: that is how `AP` once ate part of `apply`.
    """
    kept: list[str] = []
    cut = 0
    for token in TOKEN.finditer(before):
        inside = [s for s in spans if s.start < token.end() and token.start() < s.end]
        if not inside:
            kept.append(token[0])
        elif not any(s.start <= token.start() and token.end() <= s.end for s in inside):
            cut += 1
    left = _outside(after, spans)
    same = sum(a == b for a, b in zip(kept, left, strict=False))
    return cut + max(len(kept), len(left)) - same


def _outside(after: str, spans: Sequence[Masked]) -> list[str]:
    """Tokens of ``after`` that no replacement put there."""
    shift, rest, cursor = 0, [], 0
    for span in spans:
        rest.append(after[cursor : span.start + shift])
        cursor = span.start + shift + len(span.put)
        shift += len(span.put) - (span.end - span.start)
    rest.append(after[cursor:])
    return [token for piece in rest for token in TOKEN.findall(piece)]


def _spans(
    text: str, outlet: Sequence[re.Pattern[str]], people: Sequence[re.Pattern[str]]
) -> tuple[Masked, ...]:
    """Spans that do not overlap, in order; where two begin at one place the longer one wins."""
    found: list[tuple[int, int, str]] = []
    for put, patterns in ((PLACEHOLDER, outlet), (REPORTER, people)):
        for pattern in patterns:
            found += [(*match.span("own"), put) for match in pattern.finditer(text)]
    heads = [start for start, _ in sentences(text)] if found else []
    kept: list[Masked] = []
    for start, end, put in sorted(found, key=lambda x: (x[0], -x[1])):
        if not kept or start >= kept[-1].end:
            kept.append(Masked(start=start, end=end, put=_cased(put, start, heads, text)))
    return tuple(kept)


def _cased(put: str, start: int, heads: Sequence[int], text: str) -> str:
    """Capital where one was at the head of a sentence, so that sentences begin where they did."""
    if text[start].isupper() and any(
        head <= start and not TOKEN.search(text, head, start) for head in heads
    ):
        return put[0].upper() + put[1:]
    return put


def _replaced(text: str, spans: Sequence[Masked]) -> str:
    pieces, cursor = [], 0
    for span in spans:
        pieces += [text[cursor : span.start], span.put]
        cursor = span.end
    return "".join([*pieces, text[cursor:]])


@lru_cache(maxsize=512)
def _outlet(names: tuple[str, ...], domain: str) -> tuple[re.Pattern[str], ...]:
    sources = [source for name in names for source in _of_name(name)]
    if domain:
        sources += _of_domain(domain.removeprefix("www."), names)
    return _compiled(sources)


@lru_cache(maxsize=512)
def _people(bylines: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Whole names anywhere, with or without the middle ones; a single word only after `By`."""
    sources = []
    for byline in bylines:
        parts = byline.split()
        if not all(part[0].isupper() or part in PARTICLES for part in parts):
            continue  # a page misread: words of prose are nobody's name
        if len(parts) == 1:
            sources.append(rf"^(?:By|BY) {_own(byline)}")
            continue
        for whole in {byline, f"{parts[0]} {parts[-1]}"}:
            sources += [_own(whole), _own(whole.upper())]
    return _compiled(sources)


def _compiled(sources: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(source, re.MULTILINE) for source in sorted(set(sources)))


def _of_name(name: str) -> Iterator[str]:
    """Patterns of one name; the group `own` of each is what it hides."""
    bare = re.sub(r"^[Tt]he ", "", name)
    words = bare.split()
    if len(words) > 1:
        yield _own(bare, article="[Tt]he")
        yield _own(bare.upper(), article="THE")
        initials = "".join(word[0] for word in words if word[0].isupper())
        if len(initials) > 2:  # two letters may be anybody's, as those of a news agency
            yield from _in_context(initials)
        yield from _short(words[-1])
    elif bare.lower() in ORDINARY:
        yield from _short(bare)
    else:
        yield _own(bare, article="[Tt]he")
        yield _own(bare.upper(), article="THE")


def _short(head: str) -> Iterator[str]:
    """`The Post` and `the Post`, as an outlet speaks of itself; not `the Post Office`."""
    if head.lower() not in ORDINARY:
        return
    if head.lower() in ALSO_PROPER:
        yield rf"{MID_SENTENCE}(?<!\b[Oo]n ){_own(head, article='The', optional=False)}{NO_CAPITAL}"
    else:
        yield rf"{_own(head, article='[Tt]he', optional=False)}{NO_CAPITAL}"
    yield from _in_context(head)


def _in_context(word: str) -> Iterator[str]:
    """Where somebody speaks to it, it acts as a newsroom does, or marks of a source fence it."""
    own = _own(word, article="[Tt]he")
    yield rf"\b(?:{SPEECH_BEFORE}) {own}{NO_CAPITAL}"
    yield rf"{own}(?={SPACE}(?:{SPEECH_AFTER}|{ACTING})\b|['’]s{SPACE}{OWNING}\b)"
    yield rf"\({own}\)"
    yield rf"(?:[|–—»]|(?<= )-) {own}$"
    yield rf"^{own}(?= (?:—|–|--|-) )"


def _of_domain(domain: str, names: Sequence[str]) -> Iterator[str]:
    label = domain.partition(".")[0]
    yield (
        rf"(?<![\w.@-])(?P<own>(?i:(?:https?://)?(?:[\w.+-]+@)?(?:[\w-]+\.)*{re.escape(domain)})"
        r"(?:/[^\s)\"”]*[\w/])?)(?![\w-])"
    )
    yield rf"(?<![\w@#])(?P<own>[@#](?i:{re.escape(label)}))(?![\w-])"
    # The label alone only where it is a name run together: `time` of time.com is a word.
    run_together = {re.sub(r"\W", "", name).lower() for name in names if " " in name}
    run_together |= {name.removeprefix("the") for name in run_together}
    if label in run_together:
        yield rf"(?<![\w.@#-])(?P<own>(?i:{re.escape(label)}))(?![\w-]|\.\w)"


def _own(name: str, article: str = "", *, optional: bool = True) -> str:
    escaped = re.escape(" ".join(name.split())).replace(r"\ ", SPACE)
    literal = re.sub(r"['’]", "['’]", escaped)
    before = f"(?:{article}{SPACE}){'?' if optional else ''}" if article else ""
    return rf"(?<![\w-])(?P<own>{before}{literal})(?![\w-])"
