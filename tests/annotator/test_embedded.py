from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from annotator import encoder
from annotator.codebook.loader import load as load_codebook
from annotator.heads import model
from annotator.labellers import embedded
from annotator.labellers.base import ArticleInput, Label, Labelled
from annotator.labellers.embedded import EmbeddedLabeller
from annotator.labellers.scripted import ScriptedLabeller
from memory_lm.batches import Neighbours
from memory_lm.spans import SPANS, Chunks
from newsroom.errors import Misconfigured, Refused
from newsroom.records import Scope, Stage
from newsroom.text import sentences

BORDER = ArticleInput(
    title="Border crossings fall as asylum rules tighten",
    text=(
        "Fewer migrants crossed the southern border in May, officials said on Tuesday. "
        "The number of families asking for asylum fell by a third after new immigration rules. "
        "Border agents in Redfield said that deportation flights have resumed. "
        "The weather was mild."
    ),
)
MATCH = ArticleInput(
    title="Harrow City win the cup in added time",
    text=(
        "The team scored twice in the last minutes of the game. The coach praised his players "
        "after the season's final match, and fans sang in the stadium. The league champions had "
        "led since the first half."
    ),
)
SPANISH = ArticleInput(
    title="El consejo vota el cierre del puente",
    text="El consejo municipal ha decidido cerrar el puente durante el verano, porque los "
    "ingenieros encontraron grietas en los pilares y la reparación tardará varios meses.",
)


@pytest.fixture(scope="module")
def labeller() -> EmbeddedLabeller:
    return EmbeddedLabeller()


def only(outcome: Labelled | Refused, stage: Stage, scope: Scope = Scope.ARTICLE) -> Label:
    assert not isinstance(outcome, Refused)
    (found,) = [x for x in outcome.labels if (x.stage, x.scope) == (stage, scope)]
    return found


def test_each_stage_and_scope_once(labeller: EmbeddedLabeller) -> None:
    (outcome,) = labeller.label([BORDER])
    assert not isinstance(outcome, Refused)
    assert sorted((x.stage.value, x.scope.value) for x in outcome.labels) == [
        ("category", "article"),
        ("lean", "article"),
        ("lean", "headline"),
        ("news_type", "article"),
        ("tone", "article"),
        ("topic", "article"),
    ]


def test_topics_of_plain_cases(labeller: EmbeddedLabeller) -> None:
    border, match = labeller.label([BORDER, MATCH])
    assert only(border, Stage.TOPIC).label == "immigration"
    assert only(border, Stage.CATEGORY).label == "politics"
    assert only(match, Stage.TOPIC).label == "sports"
    assert only(match, Stage.CATEGORY).label == "sports"
    assert only(border, Stage.NEWS_TYPE).label == "news report"


def test_opinion_is_told_from_report(labeller: EmbeddedLabeller) -> None:
    column = ArticleInput(
        title="We must stop pretending",
        text="We should stop pretending that this budget is anything but a confession of defeat. "
        "I believe that our leaders know it. Why do we let them treat us like children? It is "
        "time that we said so, and it is our moral duty to vote them out.",
    )
    (labels,) = labeller.label([column])
    assert only(labels, Stage.NEWS_TYPE).label == "opinion"


def test_tone_orders_grief_below_joy(labeller: EmbeddedLabeller) -> None:
    grief = ArticleInput(title="", text="Families wept as the terrible fire killed their children.")
    joy = ArticleInput(title="", text="Neighbours celebrated the wonderful new library with joy.")
    low, high = (only(x, Stage.TONE).score for x in labeller.label([grief, joy]))
    assert low is not None
    assert high is not None
    assert -5 <= low < -0.5 < 0.5 < high <= 5


def test_numbers_are_what_the_codebook_says(labeller: EmbeddedLabeller) -> None:
    (labels,) = labeller.label([BORDER])
    scale = load_codebook().questions["lean"].scale
    assert scale is not None
    for scope in (Scope.ARTICLE, Scope.HEADLINE):
        lean = only(labels, Stage.LEAN, scope)
        assert lean.distribution is not None
        assert sum(lean.distribution.values()) == pytest.approx(1, abs=1e-5)
        expected = sum(scale.map[name] * p for name, p in lean.distribution.items())
        assert lean.score == pytest.approx(expected, abs=1e-4)
        assert lean.scale == "mapped3"
        assert lean.validated == (scope is Scope.ARTICLE)
        assert lean.confidence == pytest.approx(max(lean.distribution.values()), abs=1e-5)
    topic = only(labels, Stage.TOPIC)
    assert topic.distribution is not None
    assert len(topic.distribution) == 5
    assert next(iter(topic.distribution)) == topic.label


def test_evidence_names_sentences_of_the_text(labeller: EmbeddedLabeller) -> None:
    (labels,) = labeller.label([BORDER])
    evidence = only(labels, Stage.TOPIC).evidence
    assert 1 <= len(evidence) <= 3
    count = len(sentences(BORDER.text))
    assert all(0 <= number < count for number in evidence)
    assert count - 1 not in evidence  # the weather says nothing of immigration


def test_the_outlet_has_no_say(labeller: EmbeddedLabeller) -> None:
    def signed(name: str) -> ArticleInput:
        return ArticleInput(
            title=BORDER.title, text=f"REDFIELD ({name}) — {BORDER.text} Agents told {name} so."
        )

    one, other = labeller.label([signed("CNN"), signed("Fox News")])
    assert only(one, Stage.LEAN).distribution == pytest.approx(only(other, Stage.LEAN).distribution)


def test_refusals_are_named_and_the_batch_goes_on(labeller: EmbeddedLabeller) -> None:
    batch = [
        ArticleInput(title="A", text=" "),
        BORDER,
        ArticleInput(title="B", text="Too few words"),
        SPANISH,
    ]
    outcomes = list(labeller.label(batch))
    codes = [x.code if isinstance(x, Refused) else None for x in outcomes]
    assert codes == ["text-empty", None, "text-too-short", "language-not-english"]


def test_batches_do_not_change_labels(labeller: EmbeddedLabeller) -> None:
    (alone,) = labeller.label([MATCH])
    *_, last = labeller.label([BORDER] * embedded.BATCH + [MATCH])
    assert not isinstance(alone, Refused)
    assert not isinstance(last, Refused)
    for a, b in zip(alone.labels, last.labels, strict=True):
        assert (a.label, a.evidence) == (b.label, b.evidence)
        assert a.confidence == pytest.approx(b.confidence, abs=1e-4)


def test_no_title_no_headline_label(labeller: EmbeddedLabeller) -> None:
    (outcome,) = labeller.label([ArticleInput(title="", text=BORDER.text)])
    assert not isinstance(outcome, Refused)
    assert Scope.HEADLINE not in {x.scope for x in outcome.labels}


def test_vectors_come_with_the_labels(labeller: EmbeddedLabeller) -> None:
    kept, refused = labeller.label([BORDER, SPANISH])
    assert not isinstance(kept, Refused)
    assert isinstance(refused, Refused)
    assert kept.vector is not None
    np.testing.assert_allclose(
        kept.vector, encoder.article_vector(BORDER.title, BORDER.text), atol=1e-5
    )
    assert labeller.encoder == encoder.vector_version()


def test_heads_for_another_encoder_are_misconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.masking, "digest", lambda: "other")
    with pytest.raises(Misconfigured) as caught:
        EmbeddedLabeller()
    assert caught.value.code == "side-other-masking"


def test_revision_is_stable_and_known_classifiers_are_loaded(labeller: EmbeddedLabeller) -> None:
    assert labeller.revision == EmbeddedLabeller().revision
    assert set(model.load().classifiers) == set(model.CLASSIFIERS)


def test_scripted_labels_depend_on_text_alone_and_follow_the_table() -> None:
    refused = Refused("paywall", "stub")
    scripted = ScriptedLabeller({"C": refused})
    first, table, empty = scripted.label(
        [BORDER, ArticleInput(title="C", text="x"), ArticleInput(title="D", text="")]
    )
    assert [first] == list(ScriptedLabeller().label([BORDER]))
    assert table is refused
    assert isinstance(empty, Refused)
    assert scripted.revision != ScriptedLabeller().revision
    topic, category = only(first, Stage.TOPIC), only(first, Stage.CATEGORY)
    assert load_codebook().category_of(topic.label or "") == category.label


class Reminder:
    """A past that reminds every article of the same chunks, whatever it is asked."""

    sequence, rule = 7, None

    def __init__(self) -> None:
        self.asked: list[int] = []

    def neighbours(self, numbers: Sequence[int], chunks: Sequence[Chunks]) -> Neighbours:
        self.asked += numbers
        drawn = np.random.default_rng(0).normal(size=(3, SPANS, 384)).astype(np.float16)
        shape = len(numbers), 3
        zeros = np.zeros(shape, np.float32)
        return Neighbours(
            keys=drawn[:, 0], values=drawn, found=np.tile(np.arange(3), (len(numbers), 1)),
            age_h=zeros + 5, rank=zeros, same_event=zeros + 2,
            same_outlet=zeros.astype(bool), states={},
        )  # fmt: skip


def opened(*gates: str) -> EmbeddedLabeller:
    labeller = EmbeddedLabeller()
    labels = labeller._side.labels
    labeller._side = replace(
        labeller._side, labels=replace(labels, terms=replace(labels.terms, queries=gates))
    )
    return labeller


def test_an_open_gate_reads_the_past_and_says_so_and_a_shut_one_does_not() -> None:
    past, labeller = Reminder(), opened("topic")
    assert labeller.recalls
    spanish, border = labeller.label([SPANISH, BORDER], past)  # type: ignore[arg-type]
    assert isinstance(spanish, Refused)
    assert past.asked == [1]
    (without,) = labeller.label([BORDER])
    assert not isinstance(border, Refused)
    assert not isinstance(without, Refused)
    recalled = {(x.stage, x.scope) for x in border.labels if x.recalls}
    assert recalled == {(Stage.TOPIC, Scope.ARTICLE), (Stage.CATEGORY, Scope.ARTICLE)}
    assert not any(x.recalls for x in without.labels)
    for a, b in zip(border.labels, without.labels, strict=True):
        moved = a.confidence != pytest.approx(b.confidence, abs=1e-5)
        assert moved == a.recalls, a.stage


def test_without_open_gates_no_past_is_asked_for() -> None:
    labeller = opened()
    assert not labeller.recalls
    (given,) = labeller.label([BORDER], Reminder())  # type: ignore[arg-type]
    (without,) = labeller.label([BORDER])
    assert given.labels == without.labels  # type: ignore[union-attr]


def test_odd_texts_get_labels_or_a_named_refusal(labeller: EmbeddedLabeller) -> None:
    long = ArticleInput(title=BORDER.title, text=BORDER.text * 1500)
    word = ArticleInput(title="Word", text="word")
    marks = ArticleInput(title="?!", text="... !!! ??? --- ''' \"\"\" (((( ))))")
    whole, short, empty = labeller.label([long, word, marks])
    assert not isinstance(whole, Refused)
    assert isinstance(short, Refused)
    assert isinstance(empty, Refused)
    assert all(np.isfinite(x.confidence) for x in whole.labels)


def test_heads_made_for_another_side_network_are_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.reading.Side, "digest", "other")
    with pytest.raises(Misconfigured) as caught:
        EmbeddedLabeller()
    assert caught.value.code == "heads-stale"
