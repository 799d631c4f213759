"""The words and turns of phrase by which amounts are read in English, as tables and patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ORDINALS = [
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
SCALES: Final[Mapping[str, float]] = {
    "dozen": 12, "hundred": 100, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6,
    "billion": 1e9, "bn": 1e9, "trillion": 1e12,
}  # fmt: skip
SMALL: Final[Mapping[str, float]] = {
    **{word: n for n, word in enumerate(ONES)},
    **{word: 10 * n for n, word in enumerate(TENS, start=2)},
}
RANK: Final = {word: n for n, word in enumerate(ORDINALS, start=2)}

WORD = "|".join(sorted((*SMALL, "hundred", "thousand", "million", "billion"), key=len)[::-1])
AND = "(?<=hundred) and |(?<=thousand) and |(?<=million) and "
DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
AMOUNT: Final = re.compile(
    rf"(?P<money>(?:US)?[$£€])?\s?(?<![\w.-])"
    rf"(?:(?P<digits>{DIGITS})(?P<th>st|nd|rd|th)?|(?P<twice>twice)|(?P<rank>{'|'.join(RANK)})"
    rf"|(?P<words>(?:a dozen|(?:{WORD})(?:(?:[- ]|{AND})(?:{WORD}))*)))"
    r"(?:[ -](?P<scale>hundred|thousand|million|billion|trillion|dozen)|(?P<short>bn|[mk]))?"
    r"(?![\w’']|-\w)(?P<percent>\s?%|\s(?:per\s?cent|percentage points?)\b)?"
    r"(?P<currency>\s(?:dollars|pounds|euros)\b)?",
    re.IGNORECASE,
)
NUMBER = rf"(?:{DIGITS}|(?:{WORD})(?:[- ](?:{WORD}))*)"
TALLY: Final = re.compile(
    rf"(?<![\w$£€.,-])(?:(?P<a>\d+)[-–—](?P<b>\d+)"
    rf"|(?P<c>{NUMBER})(?: votes?)? to (?P<d>{NUMBER}))"
    r"(?![\w%-]|\s(?:percent|per cent|million|billion)|[.,]\d)",
    re.IGNORECASE,
)
TALLY_CUE: Final = re.compile(
    r"\b(?:vot\w+|rul\w+|split|decid\w+|decision|pass\w*|tally|approv\w+|reject\w+|overr\w+|sent"
    r"|beat|beats|won|wins?|defeat\w*|lead|leads|led|score\w*|over|lost|upheld|count)\b",
    re.IGNORECASE,
)

# What is counted, by the words that say so; of two near a number the nearer one decides.
KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    kind: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for kind, words in {
        "killed": r"kill(?:s|ed|ing|ings)?|dead|deaths?|die[sd]?|dying|fatalit\w+|slain"
        r"|bod(?:y|ies)|(?:death )?toll|lives lost|perish\w*|drowned|fatally",
        "injured": r"injur\w+|wound\w*|hurt|hospitali[sz]ed",
        "missing": r"missing|unaccounted",
        "arrested": r"arrest\w*|detain\w*|in custody|picked up|took into custody",
        "displaced": r"evacuat\w+|displaced|homeless|fled|flee(?:ing)?|left their homes",
        "ill": r"infect\w+|cases?|sickened|fell ill|tested positive|illnesses|patients",
        "jobs": r"jobs?|workers?|employees|lay(?:ing)? off|laid off|let go|layoffs?|paychecks"
        r"|staff",
        "counts": r"counts|convict\w+|guilty|acquitt\w+|charges",
        "votes": r"votes?|senators?",
        "rescued": r"rescued|pulled alive|survivors",
        "sentence": r"sentenc\w+|prison|jail|behind bars",
    }.items()
}

# Verbs that look like a plural before an amount.
VERBS = frozenset(
    ["stands", "has", "rises", "reaches", "says", "reports", "comes", "puts", "climbs"]
)
GENERIC = frozenset(
    [
        "person",
        "people",
        "man",
        "men",
        "woman",
        "women",
        "child",
        "children",
        "other",
        "time",
        "more",
    ]
)
IRREGULAR = {"people": "person", "men": "man", "women": "woman", "children": "child"}
SPANS = frozenset(
    [
        "second",
        "minute",
        "hour",
        "day",
        "week",
        "month",
        "year",
        "decade",
        "night",
        "weekend",
        "quarter",
    ]
)
STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "or",
        "in",
        "at",
        "on",
        "by",
        "to",
        "for",
        "from",
        "with",
        "as",
        "was",
        "were",
        "is",
        "are",
        "be",
        "been",
        "being",
        "had",
        "has",
        "have",
        "will",
        "would",
        "who",
        "which",
        "that",
        "this",
        "these",
        "those",
        "when",
        "where",
        "while",
        "after",
        "before",
        "than",
        "then",
        "so",
        "not",
        "it",
        "its",
        "he",
        "she",
        "they",
        "his",
        "her",
        "their",
        "into",
        "out",
        "up",
        "down",
        "about",
        "over",
        "under",
        "since",
        "until",
        "during",
        "per",
    ]
)
NAMED = (
    r"(?-i:Route|Local|Gate|No\.?|Nos\.?|Number|Highway|Interstate|Flight|Article|Section|Chapter|"
    r"Proposition|Measure|Title|Grade|Room|Building|Terminal|Platform|Page|Phase|Level|Category|"
    r"Boeing|Airbus|Unit|Ward|District|Precinct|Channel|Tier|Type|Pier|Zone|Game|Class|Covid|Lot)"
)
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
NO_AMOUNT: Final = re.compile(
    rf"\b{MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s{MONTH}(?=\W)"
    r"|\b\d{1,2}:\d\d\b|\b\d{1,2}\s?(?:[ap]\.?m\.?)(?!\w)|(?:o'clock|noon)"
    r"|(?<![$£€\d,.])\b(?:1[5-9]|20)\d\d\b(?![,.]?\d|\s?(?:%|percent|people|jobs|workers|votes))"
    rf"|\b{NAMED}[ -]\d+\b"
    r"|\baged? (?:of )?\d+\b|\b(?:man|woman|boy|girl) of \d+\b|(?<=[a-z]), \d{1,3}(?=,\s)"
    r"|\b\w+[- ](?:thirds|quarters|fifths|halves|half|tenths)\b|\bone[- ](?:third|quarter|fifth)\b"
    r"|\bat (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?=[,.]| in the)"
    rf"|\b(?:{WORD}|\d+) times (?:as|more|the|larger|higher|bigger)\b"
    r"|\b(?:the|these|those|all) (?:two|three|four|five|six|seven|eight|nine|ten)\b"
    r"(?= (?:were|was|are|had|have|of)\b|[,.])"
    r"|\b(?:no|any|every|some|this|that|the|each|another|which) one\b"
    r"|\bone (?:of|another|day|more|in|by)\b|\b(?:the|his|her|its|their|a) second\b(?= and|,|\.)"
    r"|\btwice (?:as|the|that|what|a|an|its)\b"
    r"|\b\w+ in (?:one|two|three|four|five|six|ten|\d+)\b(?=[ ,.])",
    re.IGNORECASE,
)
HEDGE = (
    r"(?:about|around|nearly|almost|roughly|some|approximately|at least|more than|over|up to|"
    r"as many as|fewer than|less than|close to|an estimated|estimated|upwards of|only|just)"
)
HEDGED: Final = re.compile(rf"\b{HEDGE}\s(?:\w+\s)?$", re.IGNORECASE)
FORMER: Final = re.compile(
    rf"\b(?:(?:up|down|rais\w+|cut|lower\w+|revis\w+|increas\w+|reduc\w+) from|from|not|"
    r"(?:earlier|initial|previous|original|first|preliminary)(?:\s\w+){0,2} of|"
    r"(?:initially|originally|previously|at first|first)(?:\s\w+){0,4})"
    rf"\s(?:{HEDGE}\s)?(?:(?:his|her|its|their|the|a)\s)?$",
    re.IGNORECASE,
)
FORMER_AFTER: Final = re.compile(r"^(?:\s\w+){0,3}\s(?:as )?(?:first|initially|previously)\b")
WITHDRAWN: Final = re.compile(
    r"\b(?:correction|erratum|retract\w*|withdr(?:aws?|ew|awn)|erroneous\w*|mistaken\w*|in error|"
    r"was wrong|were wrong|overstated|misstated)\b",
    re.IGNORECASE,
)
COMPARED: Final = re.compile(
    rf"\b(?:instead of|rather than|compared (?:with|to)|against|versus)(?: the)?\s(?:{HEDGE}\s)?$",
    re.IGNORECASE,
)
OTHER_TIME: Final = re.compile(
    r"\b(?:last (?:year|season|decade)|a year (?:ago|earlier)|years ago|a decade|in (?:19|20)\d\d"
    r"|since (?:19|20)\d\d)\b",
    re.IGNORECASE,
)
WHOLE: Final = re.compile(
    rf"^(?: \w+){{0,1}} (?:out )?of (?:(?:the|its|their|his|her|our|every|about|some|last|past|"
    rf"\w+['’]s|nearly)\s){{0,3}}(?:{NUMBER})\b",
    re.IGNORECASE,
)
CLAUSE: Final = re.compile(r"[,;:()—–]|\b(?:but|while|whereas|although|though)\b", re.IGNORECASE)
TOKEN: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
AFTER_WORDS, AHEAD_WORDS = 6, 4
LED: Final = re.compile(
    rf"\b(?:to|at|by|of|numbers?|reach\w*|total\w*|is|are|was|were)(?: now)? "
    rf"(?:{HEDGE} )?$",
    re.IGNORECASE,
)
