"""docs/tutorial.md, run as it stands: its commands in a shell, its cells one after the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from live import live

from api.app import create_app
from api.exports import tasks
from newsroom.keys import Scope
from newsroom.settings import environ
from newsroom.store import keys

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ADDRESS = "http://127.0.0.1:8000"
EXPORT_S = 0.05


def blocks(language: str) -> list[str]:
    return [
        body for name, body in FENCED.findall(PAGE.read_text(encoding="utf-8")) if name == language
    ]


@pytest.fixture
def served(filled, settings):
    """Address of a served newsroom whose worker makes exports."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(EXPORT_S):
            tasks.run_due(filled, settings)

    worker = threading.Thread(target=work)
    with live(create_app(settings)) as address:
        worker.start()
        yield address
        over.set()
        worker.join()


def test_five_commands_to_a_file_with_dictionary_and_citation(filled, settings, tmp_path) -> None:
    (script,) = blocks("sh")
    commands = script.splitlines()
    assert len(commands) == 5
    assert commands[0] == "make demo"
    assert commands[1] == "export NEWSROOM_HOME=.newsroom-demo"
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    ours = {k: v for k, v in environ(settings).items() if k != "NEWSROOM_HOME"}
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(commands[1:])],
        cwd=tmp_path, env=os.environ | ours, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "articles.parquet: OK" in done.stdout
    assert pq.read_table(tmp_path / "ferry" / "articles.parquet").num_rows
    readme = (tmp_path / "ferry" / "README.md").read_text()
    assert "## Data dictionary" in readme
    cited = yaml.safe_load((tmp_path / "ferry" / "CITATION.cff").read_text())
    assert cited["version"] in readme


def test_every_cell_runs(served, filled, tmp_path, monkeypatch, world, capsys) -> None:
    with filled.transaction() as conn:
        key = keys.add(conn, "me", [Scope.EXPORT, Scope.DISPUTE], note="", expires_at=None)
    monkeypatch.setenv("KEY", key)
    monkeypatch.chdir(tmp_path)
    cells = blocks("python")
    assert len(cells) >= 10
    assert ADDRESS in cells[0]
    kept: dict[str, object] = {}
    for number, cell in enumerate(cells, 1):
        exec(compile(cell.replace(ADDRESS, served), f"cell {number}", "exec"), kept)
    newsroom, citation = kept["newsroom"], kept["citation"]
    assert len(kept["frame"]) == len(kept["table"]) == citation["articles"] == world.count
    assert kept["said"]["by"] == "human:me"
    means = kept["ordinary"].groupby("publisher")["article_tone"].mean()
    cells = {cell["publisher"]: cell["mean"] for cell in kept["by_outlet"]}
    newsroom.close()
    assert {k: v for k, v in cells.items() if v is not None} == pytest.approx(dict(means.dropna()))
    assert "[Data set; as of" in capsys.readouterr().out


def test_links_of_the_page_lead_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([\w-]+\.md)\)", text)
    assert targets
    assert not [name for name in targets if not (PAGE.parent / name).is_file()]
