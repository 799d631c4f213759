from __future__ import annotations

from annotator.sentences import quoting


def shares(sentences: list[str]) -> list[float]:
    found = quoting.read(sentences)
    return [
        sum(end - start for start, end in quoted.spans) / len(sentence)
        for sentence, quoted in zip(sentences, found, strict=True)
    ]


def test_a_quotation_runs_over_sentences_until_it_closes() -> None:
    given = ["“We waited.", "Nobody came.", "Then it rained,” she said.", "The bus left."]
    found = quoting.read(given)
    assert [quoted.before for quoted in found] == [False, True, True, False]
    assert shares(given)[1] == 1.0
    assert quoting.outside(given[2], found[2]) == "she said."
    assert found[3].spans == ()


def test_a_lost_closing_mark_does_not_swallow_the_article() -> None:
    found = quoting.read(["“We waited.", *["Nobody came."] * 20])
    assert found[0].unclosed is False
    assert not any(quoted.before for quoted in found)


def test_a_new_opening_mark_ends_the_carry() -> None:
    found = quoting.read(["He said “we waited.", "Nobody came.", "“Then it rained,” she said."])
    assert found[0].unclosed
    assert not found[1].before


def test_a_closing_mark_at_the_head_belongs_to_the_sentence_before() -> None:
    found = quoting.read(["“We waited.", "”The bus left at noon."])
    assert found[1].stray
    assert found[1].spans == ()


def test_straight_marks_pair_up() -> None:
    found = quoting.read(['"We waited," she said, "and it rained."', 'The "late" bus left.'])
    assert len(found[0].spans) == 2
    assert quoting.outside('"We waited," she said, "and it rained."', found[0]) == "she said,"
    assert not found[1].before


def test_a_straight_mark_at_the_head_of_an_odd_one_closes() -> None:
    found = quoting.read(['She said, "We waited.', '"The bus left at noon.'])
    assert found[1].stray


def test_a_closing_mark_that_nothing_opened_quotes_what_stands_before() -> None:
    given = "The only reason is rain,” he said."
    (quoted,) = quoting.read([given])
    assert quoting.outside(given, quoted) == "he said."


def test_british_marks_are_read_and_apostrophes_are_not() -> None:
    (british,) = quoting.read(["'We waited for hours,' she said."])
    assert len(british.spans) == 1
    (plain,) = quoting.read(["The drivers' union didn't say the players' bus was late."])
    assert plain.spans == ()


def test_no_sentences_and_an_empty_one() -> None:
    assert quoting.read([]) == []
    assert quoting.read([""])[0].spans == ()
