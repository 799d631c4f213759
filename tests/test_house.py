"""The habits of the house, held by a test instead of by memory."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("newsroom", "scraper", "annotator", "memory_lm", "kernels", "api", "dashboard")
LINES_MAX = 600
# Spelt in halves so that this file does not find itself.
UNFINISHED = re.compile(
    r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|NotImplemented" + r"Error"
)
MACHINE = re.compile(r"/(wo" + r"rk|fa" + r"rm|ro" + r"ot)/")


def tracked() -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).is_file()]


def sources() -> list[Path]:
    return [
        p
        for p in tracked()
        if p.suffix in {".py", ".sql", ".sh", ".toml", ".yml", ".md", ".css", ".js"}
    ]


def test_modules_are_short() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in sources()
        if p.suffix == ".py" and (n := len(p.read_text().splitlines())) > LINES_MAX
    }
    assert not long


def test_nothing_is_left_unfinished() -> None:
    assert not [str(p) for p in sources() if p.suffix != ".md" and UNFINISHED.search(p.read_text())]


def test_no_file_names_the_machine_it_was_made_on() -> None:
    assert not [str(p) for p in sources() if MACHINE.search(p.read_text())]


def test_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_package_is_built_and_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)
    assert set(project["tool"]["mypy"]["packages"]) == set(PACKAGES)
    assert set(project["tool"]["importlinter"]["root_packages"]) == set(PACKAGES)


def test_pins_cover_what_the_inputs_name() -> None:
    pinned = "".join(p.read_text() for p in (ROOT / "requirements").glob("*.txt"))
    for part in ("runtime", "dev"):
        for line in (ROOT / "requirements" / f"{part}.in").read_text().split():
            name = re.split(r"[\[;]", line)[0]
            assert f"\n{name}==" in pinned, line
    assert "+cpu" not in pinned


def test_large_files_stay_out() -> None:
    assert not [str(p) for p in tracked() if p.stat().st_size > 5_000_000]


@pytest.fixture(scope="module")
def compose() -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_compose_publishes_only_the_web_on_loopback(compose: dict) -> None:
    ports = {name: s["ports"] for name, s in compose["services"].items() if "ports" in s}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}
    assert compose["networks"]["inside"] == {"internal": True}


def test_compose_services_are_confined(compose: dict) -> None:
    for name, service in compose["services"].items():
        assert "mem_limit" in service, name
        assert "latest" not in service["image"], name
        if service["image"].startswith("newsroom"):
            assert service["read_only"] is True, name
            assert service["user"] != "root", name
            assert service["command"][0] == "newsroom", name


def test_the_model_server_is_inside_and_runs_no_code_of_a_model(compose: dict) -> None:
    vllm = compose["services"]["vllm"]
    assert vllm["networks"] == ["inside"]
    assert "ports" not in vllm
    assert not any("trust" in str(part) for part in vllm["command"])


def test_compose_commands_exist(compose: dict) -> None:
    from typer.main import get_command

    from newsroom.cli import build

    command = get_command(build())
    for name, service in compose["services"].items():
        if service["image"].startswith("newsroom"):
            assert service["command"][1] in command.commands, name


def test_every_verb_has_help_with_an_example() -> None:
    from typer.main import get_command

    from newsroom.cli import build

    def verbs(command, path):
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                yield from verbs(inner, [*path, name])
        else:
            yield " ".join(path), command.help or ""

    found = dict(verbs(get_command(build()), ["newsroom"]))
    assert {"newsroom demo", "newsroom crawl", "newsroom work list"} <= set(found)
    assert not [verb for verb, text in found.items() if "Example: newsroom" not in text]


def test_our_kernels_are_not_mistaken_for_another_package() -> None:
    """Another distribution imports as `kernels` too, and libraries probe for it by that name."""
    assert set(packages_distributions().get("kernels", ())) <= {"newsroom-observatory"}
    found = find_spec("kernels")
    assert found is not None
    assert found.origin == str(ROOT / "kernels/__init__.py")
