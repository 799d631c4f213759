from __future__ import annotations

import json
import math
import sys
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from memory_lm import commands
from memory_lm.labs import report as frame
from newsroom.errors import BadRequest

root = typer.Typer()
root.add_typer(commands.app)


def call(*args: str):
    return CliRunner().invoke(root, ["lab", *args])


def made(
    *, value: float, control: float = 0.1, settings: frame.LabSettings | None = None
) -> frame.Report:
    return frame.finish(
        frame.Clock(),
        settings or frame.LabSettings(quick=True, seed=3),
        lab="regression",
        seeds=[3, 4],
        config={"keys": 8},
        checks=[
            frame.Check(name="recall", value=value, comparison=">=", target=0.9),
            frame.Check(
                name="recall, memory off",
                value=control,
                comparison="<=",
                target=0.2,
                is_control=True,
            ),
        ],
        tables={"by seed": [{"seed": 3, "recall": value}], "curve": [{"x": i} for i in range(100)]},
        code=["memory_lm.labs.report"],
    )


@pytest.fixture
def fake(monkeypatch):
    """A lab module whose next result is set by the test."""
    from matplotlib.figure import Figure

    module = ModuleType("memory_lm.labs.fake")
    module.value, module.control, module.asked = 1.0, 0.1, None

    def run(settings):
        module.asked = settings
        settings.say("half way")
        return made(value=module.value, control=module.control, settings=settings)

    module.run, module.figure = run, lambda report: Figure()
    monkeypatch.setitem(sys.modules, "memory_lm.labs.fake", module)
    monkeypatch.setattr(frame, "labs", lambda: {"fake": "A lab."})
    return module


@pytest.mark.parametrize(
    ("comparison", "value", "passed"),
    [
        (">=", 1.0, True), (">=", 0.5, False), ("<=", 1.0, True), ("<=", 1.5, False),
        (">", 1.0, False), ("<", 1.0, False), ("<", 0.5, True), (">", 2, True),
        (">=", math.nan, False), ("<=", math.nan, False), (">=", math.inf, False), ("<", -math.inf, False),
    ],
)  # fmt: skip
def test_a_verdict_follows_from_the_value(comparison, value, passed):
    check = frame.Check(name="x", value=value, comparison=comparison, target=1.0)
    assert check.passed is passed


def test_a_report_passes_only_with_all_checks_and_controls():
    assert made(value=0.9).passed
    assert not made(value=0.89).passed
    assert not made(value=0.9, control=0.3).passed


def test_a_report_without_checks_has_not_passed():
    bare = frame.finish(
        frame.Clock(),
        frame.LabSettings(),
        lab="regression",
        seeds=[],
        config={},
        checks=[],
        tables={},
        code=[],
    )
    assert not bare.passed


def test_the_json_says_how_the_numbers_came_about():
    tree = json.loads(made(value=math.nan).as_json())
    assert tree["checks"][0] == {
        "name": "recall", "value": None, "comparison": ">=", "target": 0.9, "is_control": False, "passed": False,
    }  # fmt: skip
    assert tree["passed"] is False
    assert (tree["lab"], tree["quick"], tree["seeds"]) == ("regression", True, [3, 4])
    assert set(tree["versions"]) == {"python", "torch", "numpy"}
    assert tree["wall_s"] >= 0
    assert tree["cpu_s"] >= 0
    assert "cores" in tree["machine"]
    assert tree["code_modules"] == ["memory_lm.labs.regression", "memory_lm.labs.report"]
    assert tree["code_sha256"] == frame.code_digest(tree["code_modules"])


def test_the_digest_moves_with_the_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "digested"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("A = 1\n")
    (tmp_path / "digested_alone.py").write_text("B = 1\n")
    names = ["digested", "digested_alone"]
    first = frame.code_digest(names)
    assert frame.code_digest(reversed(names)) == first
    (package / "inner.py").write_text("A = 2\n")
    second = frame.code_digest(names)
    (tmp_path / "digested_alone.py").write_text("B = 2\n")
    assert len({first, second, frame.code_digest(names)}) == 3
    with pytest.raises(BadRequest, match="no module digested_not"):
        frame.code_digest(["digested_not"])


def test_labs_are_listed_without_importing_them(monkeypatch):
    monkeypatch.delitem(sys.modules, "memory_lm.labs.regression", raising=False)
    result = call()
    assert result.exit_code == 0
    assert "regression" in result.stdout
    assert "report" not in frame.labs()
    assert json.loads(call("--json").stdout) == frame.labs()
    assert "memory_lm.labs.regression" not in sys.modules


def test_an_unknown_lab_names_those_there_are():
    result = call("regresion")
    assert isinstance(result.exception, BadRequest)
    assert result.exception.code == "lab-unknown"
    assert "regression" in result.exception.message


def test_a_lab_prints_its_checks(fake):
    result = call("fake", "--quick", "--seed", "7")
    assert result.exit_code == 0
    assert (fake.asked.quick, fake.asked.seed) == (True, 7)
    for expected in ("recall", "control:", "MISSED"):
        assert (expected in result.stdout) is (expected != "MISSED")
    assert "curve: 100 rows" in result.stdout


@pytest.mark.parametrize(("value", "control"), [(0.5, 0.1), (1.0, 0.5), (math.nan, 0.1)])
def test_a_missed_number_or_control_is_exit_code_3(fake, tmp_path, value, control):
    fake.value, fake.control = value, control
    result = call("fake", "--output", str(tmp_path))
    assert result.exit_code == 3
    assert "MISSED" in result.stdout
    assert json.loads((tmp_path / "fake.json").read_text())["passed"] is False


def test_results_are_written_only_where_asked(fake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = json.loads(call("fake", "--json").stdout)
    assert not list(tmp_path.iterdir())
    result = call("fake", "--json", "--output", "out/deep")
    assert sorted(p.name for p in (tmp_path / "out/deep").iterdir()) == ["fake.json", "fake.png"]
    written = json.loads((tmp_path / "out/deep/fake.json").read_text())
    assert written == json.loads(result.stdout)
    assert written["checks"] == printed["checks"]
