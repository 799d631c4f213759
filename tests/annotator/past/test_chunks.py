from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from annotator import encoder
from annotator.past import chunks
from annotator.past.chunks import Chunks, Text, encoded
from memory_lm import spans
from memory_lm.backbone import Backbone

WORDS = "The harbour board met again about the long stone pier and its many small repairs. "


def text(name: str, sentences: int = 1, chunks_max: int = 4) -> Text:
    return Text(title=f"Harbour {name}", text=WORDS * sentences + name, chunks_max=chunks_max)


def same(one: Chunks, other: Chunks) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("first", "keys", "spans", "present")
    )


@pytest.fixture(scope="module", autouse=True)
def backbone() -> Iterator[Backbone]:
    """The real one, read from the disk once."""
    found = Backbone.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backbone, "load", staticmethod(lambda: found))
        yield found


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts were encoded, at each call of the encoder."""
    found: list[int] = []
    real = spans.encode

    def counted(backbone: object, articles: list[tuple[str, str]], **options: int) -> object:
        found.append(len(articles))
        return real(backbone, articles, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(spans, "encode", counted)
    return found


def test_what_is_in_the_folder_is_not_encoded_again(tmp_path: Path, calls: list[int]) -> None:
    texts = [text("north"), text("south", 12), text("east", 3)]
    first = encoded(texts, tmp_path)
    assert sum(calls) == 3
    again = encoded(texts, tmp_path)
    assert sum(calls) == 3
    assert same(first, again)
    more = encoded([texts[1], text("west"), texts[0]], tmp_path)
    assert sum(calls) == 4
    assert np.array_equal(more.keys[more.of(0)], first.keys[first.of(1)])
    assert np.array_equal(more.spans[more.of(2)], first.spans[first.of(0)])
    assert same(encoded([texts[1], text("west"), texts[0]], tmp_path), more)
    assert sum(calls) == 4


def test_what_a_killed_run_left_is_passed_over(tmp_path: Path, calls: list[int]) -> None:
    texts = [text("north"), text("south")]
    first = encoded(texts, tmp_path)
    [whole] = tmp_path.rglob("*.npz")
    half = whole.with_suffix(".part.npz")
    half.write_bytes(whole.read_bytes()[:1000])
    assert same(encoded(texts, tmp_path), first)
    assert sum(calls) == 2
    whole.unlink()
    assert same(encoded(texts, tmp_path), first)
    assert sum(calls) == 4
    assert not half.exists()


def test_texts_that_repeat_are_encoded_once_and_stand_where_they_are_asked_for(
    calls: list[int],
) -> None:
    long, short, empty = text("long", 30), text("short"), Text(title="", text="", chunks_max=4)
    found = encoded([short, long, empty, short, long], None)
    assert sum(calls) == 3
    assert found.first.tolist() == [0, 1, 5, 5, 6, 10]
    assert np.array_equal(found.keys[found.of(1)], found.keys[found.of(4)])
    assert np.array_equal(found.spans[found.of(0)], found.spans[found.of(3)])
    [alone] = encoder.chunks([(long.title, long.text)])
    assert np.array_equal(found.keys[found.of(1)], alone.keys.astype(np.float16))
    assert np.array_equal(found.spans[found.of(1)], alone.spans)
    assert np.array_equal(found.present[found.of(1)], alone.present)


def test_only_the_leading_chunks_asked_for_are_read() -> None:
    found = encoded([text("pier", 30, most) for most in (1, 2, 4)], None)
    assert np.diff(found.first).tolist() == [1, 2, 4]
    whole = found.keys[found.of(2)]
    for asked in (0, 1):
        np.testing.assert_allclose(
            found.keys[found.of(asked)], whole[: asked + 1], atol=2e-3, rtol=0
        )


def test_blocks_are_kept_as_they_are_made(
    tmp_path: Path, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "BATCH", 2)
    texts = [text(str(i)) for i in range(5)]
    found = encoded(texts, tmp_path)
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    assert same(encoded(texts, tmp_path), found)
    assert sum(calls) == 5


def test_nothing_gives_nothing() -> None:
    assert encoded([], None).first.tolist() == [0]
