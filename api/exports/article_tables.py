"""The tables of articles, their sentences and their labels."""

from __future__ import annotations

from typing import Final

from api.exports.columns import Column, Link, Table
from api.exports.shared_columns import (
    ARTICLE_ID,
    CLUSTER_ID,
    CONTENT,
    PUBLISHER,
    RUN_ID,
    STORY_ID,
    count,
    score,
    share,
    time,
    words,
)
from newsroom.records import DateSource, Form, Scope, Stage

_COUNTED: Final = {
    "sent_type_fac": "that state a fact, which is not checked",
    "sent_type_opn": "that give an opinion",
    "sent_type_quo": "that quote",
    "sent_type_bor": "between fact and opinion",
    "sent_type_oth": "of no such type",
    "sent_tone_neg": "of negative tone",
    "sent_tone_neu": "of neutral tone",
    "sent_tone_pos": "of positive tone",
    "sent_focus_dem": "about Democrats",
    "sent_focus_rep": "about Republicans",
    "sent_focus_bth": "about both parties",
    "sent_focus_non": "about neither party",
}

ARTICLES: Final = Table(
    name="articles",
    title="Articles",
    description="One row an article, in the revision that its outlet showed at the snapshot's "
    "moment, with the labels of one run. Its text is not there.",
    key=("article_id",),
    columns=(
        ARTICLE_ID,
        Column(name="revision", kind="integer", description="Number of the revision, from 1.", low=1, example=1, required=True),
        CONTENT,
        words("url", "Address it was found under.", example="https://harborledger.example/2026/ferry", mbd="url"),
        words("url_clean", "Canonical address, without tracking and anchors.", example="https://harborledger.example/2026/ferry", mbd="url_clean"),
        words("title", "Headline as printed.", example="Council delays ferry vote again"),
        PUBLISHER,
        words("publisher_full", "Outlet's name at the snapshot's moment.", example="The Harbor Ledger", mbd="publisher_full"),
        time("datetime", "When it was published, as page or feed say. Empty: absent or refused.", mbd="datetime"),
        Column(name="publish_date", kind="date", description="Day of datetime (UTC).", example="2026-11-20", mbd="publish_date"),
        Column(name="yearmo", kind="text", description="Month of listed_at (UTC).", example="2026-11", required=True, mbd="yearmo"),
        time("listed_at", "datetime, or fetched_at where there is none: what dates are filtered and rows ordered by.", required=True),
        Column(name="date_source", kind="text", description="Where datetime was read.", values=tuple(DateSource), example="page", required=True),
        time("fetched_at", "When the revision was fetched.", required=True),
        Column(name="language", kind="text", description="ISO 639-1 code found in the text.", example="en", required=True),
        count("words", "Words of the text.", unit="words", example=640),
        Column(name="bylines", kind="list", description="Authors as printed.", example='["Ada Quill"]'),
        words("section", "Section as the outlet names it.", example="Local"),
        Column(name="form", kind="text", description="What it is where it is no ordinary article. Leave rows with a form out of averages.", values=tuple(Form), example="live-blog"),
        Column(name="free_access", kind="boolean", description="Whether the page says that anyone may read it. Empty: it says nothing.", example=True),
        words("wire_source", "News agency or other outlet whose text it is.", example="Reuters"),
        Column(name="duplicate_of", kind="text", description="article_id of the original of this text. It need not be in the slice.", example="0f1c9a0b6d2e4f57a8b1c2d3e4f50617"),
        Column(name="duplicate_reason", kind="text", description="Why it counts as a copy, such as same-text or near-copy.", example="near-copy"),
        CLUSTER_ID,
        STORY_ID,
        RUN_ID,
        Column(name="category", kind="text", description="Top of the topic tree, as the codebook of the run names it.", example="Politics", mbd="category"),
        Column(name="topic", kind="text", description="Second level of the topic tree.", example="elections", mbd="topic"),
        share("topic_confidence", "Probability of the topic."),
        Column(name="subtopic", kind="text", description="Third level of the topic tree.", example="local_elections", mbd="subtopic"),
        Column(name="news_type", kind="text", description="News report, news analysis or opinion.", example="news report", mbd="news_type"),
        share("news_type_confidence", "Probability of the news type."),
        words("reason_news_type", "Why, in the labeller's words.", example="It reports a vote.", mbd="justification, later reason_news_type"),
        score("article_lean", "Body: −5 (aligned with Democrats' views or concerns) to +5 (Republicans').", mbd="article_lean"),
        share("article_lean_confidence", "Probability of the likeliest class."),
        words("reason_article_lean", "Why, in the labeller's words.", example="It gives both sides room.", mbd="reason_article_lean"),
        score("article_tone", "Body: −5 (negative) to +5 (positive).", mbd="article_tone"),
        share("article_tone_confidence", "Probability of the likeliest class."),
        words("reason_article_tone", "Why, in the labeller's words.", example="It dwells on the delay.", mbd="reason_article_tone"),
        score("title_lean", "Headline alone, same scale.", mbd="title_lean"),
        words("reason_title_lean", "Why, in the labeller's words.", example="It names no party.", mbd="reason_title_lean"),
        score("title_tone", "Headline alone, same scale.", mbd="title_tone"),
        words("takeaways", "Key points, in the labeller's words.", example="The vote was put off.", mbd="takeaways"),
        *(
            count(name, f"Sentences {what}. Empty: that question was not asked.", unit="sentences", example=7, mbd=name)
            for name, what in _COUNTED.items()
        ),
        Column(name="best_rank", kind="integer", description="Best place it had on a front page of its outlet, 1 being the most prominent. Empty: never seen there.", low=1, example=3),
        Column(name="weight_article", kind="integer", description="Weight that lets every article count the same: 1.", low=1, high=1, example=1, required=True),
        Column(name="weight_outlet", kind="number", description="Weight that lets every outlet count the same, whatever it publishes: 1 / its articles in the slice.", low=0, high=1, example=0.0032, required=True),
        Column(name="weight_prominence", kind="number", description="Weight by the best place on the outlet's front page: 1 / log2(1 + best_rank). Empty: never seen there.", low=0, high=1, example=0.5),
    ),
)  # fmt: skip

_ARTICLE: Final = Link(columns=("article_id",), table="articles", to=("article_id",))
_KIND_OF_SENTENCE: Final = {
    "sent_type": ("Type.", ("fact", "opinion", "quote", "borderline", "other")),
    "sent_tone": ("Tone.", ("negative", "neutral", "positive")),
    "sent_focus": (
        "Whose figures it is about.",
        ("democrat", "republican", "both", "neither"),
    ),
}
_SENTENCE: Final = "Number of the sentence in the text, from 0; the text itself is at the outlet."

SENTENCES: Final = Table(
    name="sentences",
    title="Sentences",
    description="One row a labelled sentence, by number, without its words.",
    key=("article_id", "sentence"),
    columns=(
        ARTICLE_ID,
        CONTENT,
        Column(
            name="sentence",
            kind="integer",
            description=_SENTENCE,
            low=0,
            example=4,
            required=True,
        ),
        *(
            column
            for name, (what, values) in _KIND_OF_SENTENCE.items()
            for column in (
                Column(
                    name=name,
                    kind="text",
                    description=f"{what} Empty: that question was not asked.",
                    values=values,
                    example=values[0],
                ),
                share(f"{name}_confidence", "Probability of this label."),
            )
        ),
        RUN_ID,
    ),
    links=(_ARTICLE,),
)

ANNOTATIONS: Final = Table(
    name="annotations",
    title="Annotations",
    description="One row a label of article, headline or sentence, with all that made it: what is "
    "needed to make it again.",
    key=("annotation_id",),
    columns=(
        Column(name="annotation_id", kind="integer", description="Number of the label on this installation.", low=1, example=4711, required=True),
        ARTICLE_ID,
        CONTENT,
        Column(name="stage", kind="text", description="Question of the codebook.", values=tuple(Stage), example="lean", required=True),
        Column(name="scope", kind="text", description="Which part of the article it speaks of.", values=tuple(Scope), example="article", required=True),
        Column(name="sentence", kind="integer", description=f"{_SENTENCE} Empty: of the whole.", low=0, example=4),
        Column(name="label", kind="text", description="Class. Empty: a score or an answer in words.", example="news report"),
        score("score", "Place on the scale of the stage."),
        share("confidence", "Probability of the label, or of the likeliest class of the score."),
        Column(name="distribution", kind="object", description="Probability of every class.", example='{"left": 0.25, "right": 0.75}'),
        Column(name="scale", kind="text", description="How the score was got where not asked directly, such as mapped3.", example="mapped3"),
        Column(name="validated", kind="boolean", description="Whether anyone measured how good labels of this kind are.", example=True, required=True),
        words("text", "Answer to a question that is answered in words: the labeller's, not the outlet's.", example="The vote was put off."),
        words("reason", "Why, in the labeller's words.", example="It reports a vote."),
        Column(name="evidence", kind="list", description="Numbers of the sentences that it rests on.", example="[0, 4]"),
        Column(name="labeller", kind="text", description="Who labelled; human:<name> for people.", example="embedded", required=True),
        Column(name="labeller_revision", kind="text", description="Which version of it, with its model.", example="a1b2c3", required=True),
        Column(name="codebook_version", kind="text", description="Definitions used.", example="v1", required=True),
        Column(name="prompt_digest", kind="text", description="SHA-256 of the prompts. Empty: none was used.", example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        RUN_ID,
        Column(name="memory_sequence", kind="integer", description="Number of the memory that it was read as of. Empty: it reads none.", low=0, example=90210),
        Column(name="answer_id", kind="text", description="Answer of a model that it was read from. Empty: no model was asked.", example="3f1c9a0b6d2e4f57a8b1c2d3e4f50617"),
        time("made_at", "When it was made.", required=True),
    ),
    links=(_ARTICLE,),
)  # fmt: skip
