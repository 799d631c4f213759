"""From a setting to a labeller bound to its codebook."""

from __future__ import annotations

from annotator import runner
from annotator.codebook import loader
from annotator.labellers.base import Labeller
from newsroom.settings import Labels


def labeller(name: str) -> Labeller:
    """The labeller of that name, loaded on demand."""
    if name == "scripted":
        from annotator.labellers.scripted import ScriptedLabeller

        return ScriptedLabeller()
    from annotator.labellers.embedded import EmbeddedLabeller

    return EmbeddedLabeller()


def bench(chosen: Labels) -> runner.Bench:
    """The configured labeller with the configured codebook."""
    book = loader.load(chosen.codebook)
    return runner.bench(
        labeller(chosen.labeller),
        version=book.version,
        digest=book.digest,
        codebook=book.model_dump(mode="json"),
    )
