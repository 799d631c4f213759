from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from annotator.codebook import blank, loader
from annotator.codebook.commands import app
from annotator.codebook.sheet import (
    BEFORE,
    NOT_ASKED,
    Coding,
    Filled,
    plain,
    read_sheet,
    read_sheets,
    safe,
    stamp,
)
from newsroom.errors import BadRequest

BOOK = loader.load()
TAKEAWAYS = "The pool closed. A pipe had burst. It may open in May."
ARTICLES: tuple[dict[str, Any], ...] = (
    {
        "id": "a1", "title": "=HYPERLINK(1) opens", "publisher": "The Lindhaven Letter", "bylines": ["Ida Voss"],
        "text": "-3 degrees, CNN said. The pool is shut!\nWill it open, Ida Voss of the Lindhaven Letter asked.",
        "sampling_probability": 0.00002,
    },
    {"id": "a2", "title": "Marsh wins", "text": "'Tis done. \"Well, well,\" he said; \"fine\".", "sampling_probability": 1},
    {"id": "a3", "text": "No headline here.\nAnd two sentences.", "sentences": ["=one", "two", "three"]},
)  # fmt: skip
Fill = Callable[[list[dict[str, str]]], object]


def lines(tmp_path: Path, articles: Sequence[object] = ARTICLES) -> Path:
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
    return path


def made(tmp_path: Path, *names: str, coder: str = "ida", seed: int = 1) -> Path:
    asked = blank.questions(BOOK, names)
    units = blank.rows(blank.read_items(str(lines(tmp_path))), asked, coder=coder, seed=seed)
    path = tmp_path / f"{coder}.csv"
    blank.write(path, units, asked, BOOK, coder)
    return path


def cells(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def filled(path: Path, fill: Fill, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """The sheet as a spreadsheet program would save it."""
    rows = cells(path)
    fill(rows)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def unit(rows: list[dict[str, str]], item: str, kind: str, number: str = "") -> dict[str, str]:
    return next(r for r in rows if (r["item"], r["unit"], r["sentence"]) == (item, kind, number))


def fault(path: Path) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read_sheet(path)
    return caught.value


def test_a_sheet_has_one_row_for_each_unit_and_one_cell_for_each_answer(tmp_path: Path) -> None:
    rows = cells(made(tmp_path))
    kinds = Counter(row["unit"] for row in rows)
    assert kinds == {"headline": 2, "article": 3, "sentence": 3 + 2 + 3}
    assert set(rows[0]) - set(BEFORE) - {"coder", "codebook", "sampling_probability"} == {
        name for name in BOOK.questions if name != "takeaways"
    }
    for row in rows:
        for name, question in BOOK.questions.items():
            if name in row:
                assert row[name] == ("" if row["unit"] in question.units else NOT_ASKED)


def test_what_is_shown_is_masked_and_outlets_are_nowhere(tmp_path: Path) -> None:
    path = made(tmp_path)
    assert unit(cells(path), "a1", "sentence", "0")["text"] == safe("-3 degrees, the outlet said.")
    assert "CNN" not in path.read_text("utf-8-sig")
    assert "Lindhaven" not in path.read_text("utf-8-sig")
    assert "Voss" not in path.read_text("utf-8-sig")


def test_given_sentences_are_numbered_as_given(tmp_path: Path) -> None:
    rows = [r for r in cells(made(tmp_path)) if (r["item"], r["unit"]) == ("a3", "sentence")]
    assert [(r["sentence"], plain(r["text"])) for r in rows] == [
        ("0", "=one"), ("1", "two"), ("2", "three")
    ]  # fmt: skip


def test_a_headline_is_coded_before_any_article_is_read(tmp_path: Path) -> None:
    kinds = [row["unit"] for row in cells(made(tmp_path))]
    assert "headline" not in kinds[kinds.index("article") :]


def test_each_coder_has_an_order_of_their_own_that_a_seed_repeats() -> None:
    items = [
        blank.Item(id=str(i), title="", text="x", sentences=("x", "y"), sampling_probability=None)
        for i in range(30)
    ]
    asked = blank.questions(BOOK, ["lean", "sentence_type"])

    def order(coder: str, seed: int) -> list[tuple[str, int | None]]:
        drawn = blank.rows(items, asked, coder=coder, seed=seed)
        return [(row.item.id, row.sentence) for row in drawn]

    assert order("ida", 1) == order("ida", 1)
    orders = [order("ida", 1), order("tom", 1), order("ida", 2)]
    assert len({tuple(one) for one in orders}) == 3
    assert len({frozenset(one) for one in orders}) == 1
    # An article's sentences follow it, in order.
    assert all([n for _, n in one] == [None, 0, 1] * 30 for one in orders)


def test_units_of_which_masking_leaves_nothing_are_left_out_and_counted(tmp_path: Path) -> None:
    article = {"id": "a1", "text": "The pool is shut.", "sentences": ["www.pool.test", "Shut."]}
    items = blank.read_items(str(lines(tmp_path, [article])))
    asked = blank.questions(BOOK, ["sentence_type"])
    assert [row.sentence for row in blank.rows(items, asked, coder="ida", seed=1)] == [1]
    assert blank.left_out(items, asked) == 1


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "'", "''=1", "'x", "plain", "", "a=1", "é"]
)  # fmt: skip
def test_no_cell_runs_as_a_formula_and_every_cell_reads_back_equal(cell: str) -> None:
    assert plain(safe(cell)) == cell
    assert not safe(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_filled_sheet_reads_back_as_codings(tmp_path: Path) -> None:
    def fill(rows: list[dict[str, str]]) -> None:
        unit(rows, "a1", "headline")["lean"] = "-3"
        unit(rows, "a1", "article").update(lean="unclear", topic="sports", takeaways=TAKEAWAYS)
        unit(rows, "a3", "sentence", "2")["sentence_type"] = " fact "

    names = ("lean", "topic", "takeaways", "sentence_type")
    path = filled(made(tmp_path, *names, coder="=ida"), fill)
    common: dict[str, Any] = {"coder": "=ida", "sentence": None, "sampling_probability": 0.00002}
    expected = {
        Coding(item="a1", unit="headline", question="lean", value=-3.0, **common),
        Coding(item="a1", unit="article", question="lean", value="unclear", **common),
        Coding(item="a1", unit="article", question="topic", value="sports", **common),
        Coding(item="a1", unit="article", question="takeaways", value=TAKEAWAYS, **common),
        Coding(
            item="a3", unit="sentence", sentence=2, question="sentence_type", coder="=ida",
            value="fact", sampling_probability=None,
        ),
    }  # fmt: skip
    found = read_sheet(path)
    assert set(found) == expected
    assert len(found) == len(expected)


def test_empty_cells_are_counted_and_never_answers(tmp_path: Path) -> None:
    path = made(tmp_path, "lean", "sentence_type")
    assert read_sheets([path]) == Filled(codings=(), empty=2 + 3 + 8)


def test_any_number_of_coders_read_together(tmp_path: Path) -> None:
    paths = [
        filled(made(tmp_path, "tone", coder=coder), lambda rows: [r.update(tone="2") for r in rows])
        for coder in ("ida", "tom", "una")
    ]
    codings = read_sheets(paths).codings
    assert Counter(c.coder for c in codings) == {"ida": 5, "tom": 5, "una": 5}
    assert {c.value for c in codings} == {2.0}
    with pytest.raises(BadRequest, match=r"ida has a\d headline twice") as caught:
        read_sheets([*paths, paths[0]])
    assert caught.value.code == "sheet-item-twice"


@pytest.mark.parametrize("saved", [{"delimiter": ";"}, {"encoding": "utf-8-sig"}])
def test_sheets_are_read_as_spreadsheets_save_them(tmp_path: Path, saved: dict[str, str]) -> None:
    def fill(rows: list[dict[str, str]]) -> None:
        unit(rows, "a2", "article")["tone"] = "−2"
        rows.append(dict.fromkeys(rows[0], ""))

    path = filled(made(tmp_path, "tone"), fill, **saved)
    assert [(c.item, c.value) for c in read_sheet(path)] == [("a2", -2.0)]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("topic", "sprots", "sheet-label-unknown"),
        ("topic", "Sports", "sheet-label-unknown"),
        ("lean", "6", "sheet-score-out-of-range"),
        ("lean", "-6", "sheet-score-out-of-range"),
        ("lean", "1.5", "sheet-score-out-of-range"),
        ("lean", "left", "sheet-score-out-of-range"),
        ("lean", "nan", "sheet-score-out-of-range"),
        ("lean", "1e0", "sheet-score-out-of-range"),
        ("lean", "n/a", "sheet-score-out-of-range"),
        ("sentence_type", "fact", "sheet-not-asked"),
        ("takeaways", f"{TAKEAWAYS} {'So it goes on ' * 25}.", "sheet-words-too-many"),
        ("takeaways", "One sentence only.", "sheet-words-too-many"),
        ("subtopic", "pets", "sheet-parent-other"),
        ("category", "sports", "sheet-parent-other"),
        ("codebook", "v1:000000000000", "sheet-other-codebook"),
        ("codebook", "v99:000000000000", "sheet-other-codebook"),
        ("codebook", "", "sheet-other-codebook"),
        ("coder", " ", "sheet-broken"),
        ("item", "", "sheet-broken"),
        ("unit", "paragraph", "sheet-broken"),
        ("sentence", "1", "sheet-broken"),
        ("sampling_probability", "0", "sheet-broken"),
        ("sampling_probability", "2", "sheet-broken"),
        ("sampling_probability", "often", "sheet-broken"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_by_row_and_column(
    tmp_path: Path, column: str, cell: str, code: str
) -> None:
    names = ("lean", "topic", "subtopic", "category", "takeaways", "sentence_type")
    path = made(tmp_path, *names)
    row = next(i for i, r in enumerate(cells(path), start=2) if r["unit"] == "article")

    def fill(rows: list[dict[str, str]]) -> None:
        rows[row - 2]["topic"] = "immigration"
        rows[row - 2][column] = cell

    error = fault(filled(path, fill))
    assert error.code == code
    # The child is at fault where it does not fit its parent.
    named = "topic" if (column, code) == ("category", "sheet-parent-other") else column
    assert error.message.startswith(f"ida.csv, row {row}, column {named}: ")


def test_a_sentence_without_its_number_is_refused(tmp_path: Path) -> None:
    path = filled(
        made(tmp_path, "sentence_type"), lambda rows: [r.update(sentence="") for r in rows]
    )
    assert fault(path).message.startswith("ida.csv, row 2, column sentence: ")


def test_a_repeated_row_is_refused(tmp_path: Path) -> None:
    path = filled(made(tmp_path, "sentence_type"), lambda rows: rows.append(dict(rows[0])))
    error = fault(path)
    assert error.code == "sheet-item-twice"
    assert error.message.startswith("ida.csv, row 10, column item: ")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: "", "sheet-broken"),
        (lambda text: text.replace('"coder"', '"who"'), "sheet-broken"),
        (lambda text: text.replace('"lean"', '"slant"'), "sheet-broken"),
        (lambda text: text.replace('"lean"', '"item"'), "sheet-broken"),
        (lambda text: text + '"a9","article"\r\n', "sheet-broken"),
        (lambda text: text + '"a9', "sheet-broken"),
    ],
)
def test_a_broken_sheet_is_refused(tmp_path: Path, change: Callable[[str], str], code: str) -> None:
    path = made(tmp_path, "lean")
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    assert fault(path).code == code


def test_a_sheet_that_is_missing_or_no_utf8_is_refused(tmp_path: Path) -> None:
    assert fault(tmp_path / "none.csv").code == "file-unreadable"
    (tmp_path / "old.csv").write_bytes("item,unit\né".encode("cp1252"))
    assert fault(tmp_path / "old.csv").code == "sheet-not-utf8"


@pytest.mark.parametrize(
    ("article", "code"),
    [
        ("[]", "line-broken"),
        ("{", "line-broken"),
        ('{"text": "No id."}', "line-broken"),
        ('{"id": "b", "text": 3}', "line-broken"),
        ('{"id": "b", "title": 3, "text": "Fine."}', "line-broken"),
        ('{"id": "b", "text": "Fine.", "sentences": "x"}', "line-broken"),
        ('{"id": "b", "text": "Fine.", "sampling_probability": 0}', "line-broken"),
        ('{"id": "b", "text": "Fine.", "sampling_probability": true}', "line-broken"),
        ('{"id": "b", "text": " "}', "text-empty"),
        ('{"id": "a", "text": "Again."}', "item-twice"),
        ('{"id": "https://news.test/1", "text": "Fine."}', "item-tells-outlet"),
        ('{"id": "cnn.com/1", "text": "Fine."}', "item-tells-outlet"),
        ('{"id": "CNN_001", "text": "Fine."}', "item-tells-outlet"),
        ('{"id": "", "text": "Fine."}', "item-tells-outlet"),
    ],
)
def test_an_article_that_cannot_be_coded_is_named_by_line(
    tmp_path: Path, article: str, code: str
) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text(f'{{"id": "a", "text": "Fine."}}\n{article}\n', encoding="utf-8")
    with pytest.raises(BadRequest, match=r"^line 2: ") as caught:
        blank.read_items(str(path))
    assert caught.value.code == code


def test_a_file_that_is_missing_empty_or_cut_short_is_refused(tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"id": "a", "text": "Fine."}\n')[:-9])
    (tmp_path / "empty.jsonl").touch()
    for name, code in (
        ("none.jsonl", "file-unreadable"),
        ("cut.jsonl.gz", "file-unreadable"),
        ("empty.jsonl", "file-empty"),
    ):
        with pytest.raises(BadRequest) as caught:
            blank.read_items(str(tmp_path / name))
        assert caught.value.code == code


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(BadRequest, match="'slant' is no question; there are lean, tone"):
        blank.questions(BOOK, ["slant"])


def test_the_guide_says_every_allowed_answer() -> None:
    for name, question in BOOK.questions.items():
        told = blank.guide([question], BOOK)
        assert f"- `{name}` " in told
        assert all(f"`{label}`" in told for label in (*question.label_ids, "unclear"))
        assert all(rule in told for rule in question.tie_rules)
        assert stamp(BOOK).partition(":")[2] in told


def run(*args: object) -> Any:
    result = CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.output)


def test_verbs_make_a_sheet_and_read_it_back(tmp_path: Path) -> None:
    source, path = lines(tmp_path), tmp_path / "ida.csv"
    args = ("--output", path, "--questions", "lean, sentence_tone", "--coder", "ida", "--json")
    told = run("sheet", "--input", source, *args)
    assert (told["articles"], told["units"], told["left_out_empty"]) == (3, 2 + 3 + 8, 1)
    assert Path(told["guide"]).read_text("utf-8").startswith("# How to fill this sheet")
    filled(path, lambda rows: [r.update(lean="0") for r in rows if r["unit"] == "article"])
    assert run("check", path, "--json") == {
        "answers": [{"coder": "ida", "question": "lean", "answers": 3}],
        "empty": 2 + 8,
    }


def test_a_codebook_is_shown_whole_and_does_not_differ_from_itself() -> None:
    assert run("show", "v1")["questions"]["subtopic"]["labels"]
    assert run("diff", "v1", "v1", "--json") == []
