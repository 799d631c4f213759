"""From a setting to a labeller bound to its codebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annotator import runner
from annotator.codebook import loader
from annotator.labellers.base import Labeller
from newsroom.settings import Labels

if TYPE_CHECKING:
    from annotator.recalling import StateRule


def labeller(name: str, rule: StateRule | None = None) -> Labeller:
    """The labeller of that name, loaded on demand; ``rule`` of event states, if it recalls."""
    if name == "scripted":
        from annotator.labellers.scripted import ScriptedLabeller

        return ScriptedLabeller()
    from annotator.labellers.embedded import EmbeddedLabeller

    return EmbeddedLabeller(rule)


def bench(chosen: Labels, rule: StateRule | None = None) -> runner.Bench:
    """The configured labeller with the configured codebook."""
    book = loader.load(chosen.codebook)
    return runner.bench(
        labeller(chosen.labeller, rule),
        version=book.version,
        digest=book.digest,
        codebook=book.model_dump(mode="json"),
    )
