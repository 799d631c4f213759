"""The words and turns of phrase that say what a sentence is, as patterns."""

from __future__ import annotations

import re

SPEECH = re.compile(
    r"\b(?:said|says|saying|say|told|tells|wrote|writes|tweeted|posted|added|adds|asked|asks|"
    r"explained|argued|argues|claimed|claims|according to|announced|warned|noted|notes|stated|"
    r"states|declared|insisted|recalled|replied|responded|testified|acknowledged|suggested|called|"
    r"calling|quipped|joked|continued|concluded|put it|exclaimed|remarked|admitted)\b"
)
NOTICE = re.compile(
    r"\b(?:subscri(?:be|ber|ption)s?|sign(?:ed|ing)? (?:up|in)|log in|newsletter|click here|"
    r"read more|continue reading|donat(?:e|ion)s?|contribut(?:e|ed|ing)\b(?=[^.]{0,30}(?:report|\?|"
    r"journalism|once more|today))|"
    r"advertisement|all rights reserved|copyright|terms of (?:use|service)|privacy policy|"
    r"unsubscribe|follow (?:us|me|him|her)|free account|paywall|our journalism|free journalism|"
    r"newsroom|paywalls?|your (?:support|gift|contribution|donation|inbox)|our (?:readers|coverage|"
    r"reporters|mission|reporting)|support (?:our|independent)|"
    r"photo(?:graph)?(?: by|:|/)|getty|image[s]?:|courtesy of|illustration|"
    r"contributed (?:to this|reporting)|reported from|this (?:story|article|transcript) "
    r"(?:has|was|is|originally|may)|originally (?:appeared|published)|updated|published|min read|"
    r"correction|editor's note|related:|see also|watch:|watch now|video:|follow our|download|"
    r"hide these messages|print edition|breaking news|live updates|support (?:us|our|free|local)|"
    r"pic\.twitter)\b|©|https?:|www\.|@\w|\bShare\b|\bTweet\b|^(?:MORE|READ|WATCH|NEXT|RELATED)\b",
    re.IGNORECASE,
)
COUNTED = {
    "first_person": re.compile(r"\b(?:I|we|our|us|my|me|ours|I'm|we're|I've|we've)\b"),
    "second_person": re.compile(r"\b(?:you|your|yours|you're|you'll|yourself)\b", re.IGNORECASE),
    "duty": re.compile(
        r"\b(?:should|must|ought|needs? to|has to|have to|had better|let's|let us)\b"
    ),
    "hedge": re.compile(
        r"\b(?:seems?|seemed|appears?|appeared|likely|unlikely|may|might|could|perhaps|maybe|"
        r"probably|possibly|suggests?|apparently|presumably|unclear|remains? to be seen|sense|"
        r"arguably|reportedly|would)\b"
    ),
    "emphasis": re.compile(
        r"\b(?:very|so|too|really|simply|truly|clearly|obviously|surely|certainly|frankly|"
        r"indeed|of course|even|never|nothing|always|only|just|hardly|merely|perfectly|deeply|"
        r"remarkabl[ey]|absurd|utterly|ridiculous|ironic(?:ally)?|unfortunately|sadly)\b",
        re.IGNORECASE,
    ),
    "verdict": re.compile(
        r"\b(?:best|worst|better|worse|great|terrible|disaster|brilliant|wrong|right|important|"
        r"good|bad|unfair|fair|dangerous|shameful|beautiful|awful|foolish|smart|wise|stupid|"
        r"fail(?:s|ed|ure)?|success|problem|reason|truth|lie|lies|real|reality|worth|deserves?|"
        r"crisis|sweeping|striking|stark|stunning|sharp|bitter|controversial|radical|extreme)\b",
        re.IGNORECASE,
    ),
    "contrast": re.compile(r"^(?:But|Yet|And|Still|So|Instead|Or|After all|Indeed|In fact|Nor)\b"),
    "number": re.compile(r"\d[\d,.]*"),
    "day": re.compile(
        r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|"
        r"Dec)[a-z.]*\b|\b(?:19|20)\d\d\b|\b(?:yesterday|last|earlier|ago)\b"
    ),
    "past": re.compile(r"\b(?:was|were|had|did|\w{3,}ed)\b"),
    "be": re.compile(r"\b(?:is|are|isn't|aren't|'s|'re)\b"),
    "name": re.compile(r"(?<=[\w,] )[A-Z][a-z]+"),
}
IMPERATIVE = re.compile(
    r"^(?:Don't|Do not|Try|Ask|Talk|Make|Keep|Take|Use|Consider|Remember|Avoid|Give|Look|Think|"
    r"Start|Stop|Let|Be|Explain|Praise|Speak|Tell|Imagine|Check|Choose|Find|Add|Never|Always)\b"
)
PRONOUN = re.compile(
    r"^\W*(?:(?:And|But|Yet|Then|Later|Still|Also|So|Instead|However|Meanwhile|On \w+|In \w+|"
    r"Reportedly|Earlier),? )?(?:[Hh]e|[Ss]he|[Hh]is|[Hh]er|[Tt]hey|[Tt]heir)\b"
)
HE_SAID = re.compile(
    r"\b(?:he|she|they) (?:\w+ )?(?:said|says|added|told|wrote|tweeted|asked|continued|explained|"
    r"argued|claimed|went on|noted|warned)\b|\b(?:said|added|asked|wrote) (?:he|she|they)\b",
    re.IGNORECASE,
)
SOMEBODY_SAID = re.compile(
    r"(?:[A-Z][\w’'-]+|official|spokes\w+|statement|report|letter|post|tweet|lawyer|analyst|"
    r"professor|director|family|company)(?:\s+\w+)?\s+"
    + SPEECH.pattern
    + r"|"
    + SPEECH.pattern
    + r"\s+(?:[\w-]+\s+){0,4}[A-Z]"
)
