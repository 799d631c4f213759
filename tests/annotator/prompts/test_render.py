from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from annotator.prompts import render
from newsroom.errors import Misconfigured


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(render.FOLDER, tmp_path / "prompts"))


def test_every_prompt_file_is_locked_and_every_lock_has_its_file() -> None:
    locked = (render.FOLDER / render.LOCK).read_text().splitlines()
    files = {p.relative_to(render.FOLDER).as_posix() for p in render.FOLDER.glob("*/*.md")}
    assert {line.split("  ")[1] for line in locked} == files
    assert {f"{kind}/{number}.md" for kind, number in render.LATEST.items()} <= files


def test_a_changed_prompt_is_refused(folder: Path) -> None:
    path = folder / "score" / "001.md"
    path.write_text(path.read_text() + "\nBe kind.\n")
    with pytest.raises(Misconfigured) as error:
        render.load(folder)
    assert error.value.code == "prompt-changed"
    with pytest.raises(Misconfigured, match="new number"):
        render.lock(folder)


def test_a_new_prompt_is_added_to_the_lock(folder: Path) -> None:
    old = (folder / "score" / "001.md").read_text()
    (folder / "score" / "002.md").write_text(old.replace("one letter", "a single letter"))
    render.lock(folder)
    assert "score/002.md" in (folder / render.LOCK).read_text()
    render.load(folder)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ('why = "x"\nslots = ["a", "b"]', "only $a"),
        ('why = "x"\nslots = ["a"]', "$a and $b"),
        ('why = ""\nslots = ["a"]', "$a"),
        ('slots = ["a"]', "$a"),
        ('why = "x"\nslots = ["a"]\nmood = "good"', "$a"),
        ("why = ", "$a"),
    ],
)
def test_a_broken_head_is_named(folder: Path, head: str, text: str) -> None:
    (folder / "score" / "001.md").write_text(f"---\n{head}\n---\n{text}\n")
    with pytest.raises(Misconfigured) as error:
        render.load(folder)
    assert error.value.code == "prompt-broken"
    assert "score/001.md" in error.value.message


def test_slots_are_filled_strictly() -> None:
    prompt = render.load()["headline"]
    assert "m1" in prompt.fill(marker="m1", lines="m1 0| Hello $USER")
    for values in ({"marker": "m"}, {"marker": "m", "lines": "l", "mood": "x"}):
        with pytest.raises(Misconfigured, match="prompt headline"):
            prompt.fill(**values)
