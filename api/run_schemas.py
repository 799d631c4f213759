"""The public shapes of runs: what made labels, how two of them differ, and the definitions used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.schemas import ARTICLE_ID, SHA256, WHEN, Page, RunName, Shape, _f


class Run(RunName):
    """One labelling configuration. It is never changed: another configuration is another run."""

    codebook_digest: str = _f("SHA-256 of the definitions.", SHA256)
    prompt_digest: str | None = _f("SHA-256 of the prompt, where there is one.")
    settings: dict[str, Any] = _f("What else decides a label: the model as served, limits.")
    code_version: str = _f("Version of this software.", "2026.11.0")
    started_at: datetime = _f("First label.", WHEN)
    promoted: bool = _f("Readers see its labels unless they ask for another run's.", True)
    promoted_at: datetime | None = _f("When it was promoted last; null: never.", WHEN)
    reason: str | None = _f("Why it was promoted.", "first run")
    articles: int = _f("Current articles it has labelled.", 1204)
    refused: int = _f("Current articles it has refused.", 3)


class RunPage(Page[Run]):
    """Runs, newest first."""


class Estimate(Shape):
    """A value and its 95 % interval, which is null below two articles."""

    value: float = _f("Value.", 0.93)
    low: float | None = _f("Lower end of the interval.", 0.9)
    high: float | None = _f("Upper end of the interval.", 0.95)


class Outcome(Shape):
    """How many texts came to this in run A and to that in run B."""

    a: str | None = _f("labelled, the code of a refusal, or null: not finished.", "labelled")
    b: str | None = _f("The same of B.", "text-too-long")
    n: int = _f("Texts.", 12)


class LabelShift(Shape):
    """The share of one label in either run."""

    label: str = _f("Label.", "center")
    share_a: float = _f("Share in A.", 0.4)
    share_b: float = _f("Share in B.", 0.44)
    shift: Estimate = _f("Share in B less share in A.")


class Flip(Shape):
    """How often A said one label and B another."""

    label_a: str = _f("Label in A.", "left")
    label_b: str = _f("Label in B.", "center")
    n: int = _f("How often.", 17)


class Change(Shape):
    """What changed between the runs, over all articles or over those of an outlet."""

    articles: int = _f("Articles with this question answered in both.", 500)
    compared: int = _f("Answers with a label in both: of articles, or of their sentences.", 500)
    agreement: Estimate | None = _f("Share of equal labels.")
    scored: int = _f("Answers with a score in both.", 488)
    mean_a: float | None = _f("Mean score in A.", -0.4)
    mean_b: float | None = _f("Mean score in B.", -0.2)
    shift: Estimate | None = _f("Mean score in B less that in A.")


class OutletChange(Shape):
    """What changed on the articles of one outlet."""

    publisher_id: str = _f("Outlet id.", "harborledger")
    change: Change


class ComparedQuestion(Shape):
    """One question about articles, headlines or sentences."""

    stage: str = _f("Question.", "lean")
    scope: str = _f("article, headline or sentence.", "article")
    only_a: int = _f("Answers of A that B does not have.", 0)
    only_b: int = _f("Answers of B that A does not have.", 0)
    change: Change
    labels: list[LabelShift] = _f("Labels, the most shifted first.")
    flips: list[Flip] = _f("The most frequent changes of label.")
    outlets: list[OutletChange] = _f("Outlets with at least ten articles.")
    outlets_few: int = _f("Outlets with fewer, which are not shown.", 2)


class Comparison(Shape):
    """How two runs differ on the articles that both labelled. Nothing is filled in."""

    a: Run
    b: Run
    panel: str | None = _f("Panel of texts; null: all current ones.", "autumn")
    articles: int = _f("Texts that both labelled.", 500)
    outcomes: list[Outcome] = _f("What became of every text, most frequent first.")
    questions: list[ComparedQuestion] = _f("By question and part of the article.")


class Codebook(Shape):
    """The definitions behind the labels, whole, as the labelling run used them."""

    version: str = _f("Version.", "v1")
    digest: str = _f("SHA-256 of the content.", SHA256)
    used_at: datetime = _f("When that run started.", WHEN)
    run_id: str = _f("The run.", ARTICLE_ID)
    content: dict[str, Any] = _f("Questions, scales, labels, definitions and examples.")


class Measure(Shape):
    """One measured quality of labels."""

    labeller: str = _f("Whose labels.", "embedded")
    stage: str = _f("What is labelled.", "lean")
    scope: str = _f("article, headline or sentence.", "article")
    measure: str = _f(
        "accuracy, macro_f1, pearson, or ece: expected calibration error of the confidence.",
        "macro_f1",
    )
    value: float = _f("The value.", 0.4522)
    low: float | None = _f("Lower end of its 95 % interval.", 0.4009)
    high: float | None = _f("Upper end of it.", 0.4829)
    n: int = _f("How many were judged.", 9304)
    unit: str = _f("articles, passages or sentences.", "articles")
    outlets: int | None = _f("Of how many outlets.", 380)
    on: str = _f("What they are.", "outlets that were not trained on (five folds)")
    source: str = _f("File of the repository with all there is.", "annotator/heads/metrics.json")


class Confusion(Shape):
    """How often texts with one true label were given another."""

    labeller: str = _f("Whose labels.", "embedded")
    stage: str = _f("What is labelled.", "lean")
    scope: str = _f("article, headline or sentence.", "article")
    labels: list[str] = _f("Labels, in the order of rows and columns.", ["left", "right"])
    counts: list[list[int]] = _f("A row a true label, a column a given one.", [[61, 39], [20, 80]])
    n: int = _f("How many were judged.", 9304)
    unit: str = _f("articles, passages or sentences.", "articles")
    on: str = _f("What they are.", "outlets that were not trained on (five folds)")
    source: str = _f("File of the repository with all there is.", "annotator/heads/metrics.json")


class QualityMeta(Shape):
    """What the measures leave open."""

    not_measured: list[str] = _f("What nobody has measured.", ["subtopics"])


class Quality(Shape):
    """How good the labels that ship are, as far as it was measured."""

    data: list[Measure]
    confusions: list[Confusion] = _f("What became of each true label, where there are few.")
    next_cursor: None = _f("Always null.")
    meta: QualityMeta
