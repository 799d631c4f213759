"""From settings to a labeller bound to its codebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annotator import runner
from annotator.codebook import loader
from annotator.labellers.base import Labeller
from newsroom.settings import Settings

if TYPE_CHECKING:
    from annotator.recalling import StateRule


def labeller(
    settings: Settings, name: str | None = None, *, sentences: bool | None = None
) -> Labeller:
    """The labeller of that name, or the configured one, loaded on demand.

    ``sentences``: whether it labels every sentence too; None: as configured.
    """
    name = name or settings.labels.labeller
    every = settings.labels.sentences if sentences is None else sentences
    if name == "scripted":
        from annotator.labellers.scripted import ScriptedLabeller

        return ScriptedLabeller()
    if name == "vllm":
        from annotator.labellers.vllm import VllmLabeller

        return VllmLabeller(settings.llm, settings.labels.codebook, sentences=every)
    from annotator.labellers.embedded import EmbeddedLabeller

    return EmbeddedLabeller(state_rule(settings), sentences=every)


def bench(settings: Settings, name: str | None = None) -> runner.Bench:
    """That labeller with the configured codebook, and the run that its labels belong to."""
    book = loader.load(settings.labels.codebook)
    chosen = labeller(settings, name)
    return runner.bench(
        chosen,
        version=book.version,
        digest=book.digest,
        codebook=book.model_dump(mode="json"),
        batch=settings.llm.concurrency if chosen.asked else None,
    )


def state_rule(settings: Settings) -> StateRule | None:
    """The rule of the event states that labels recall, if any."""
    rule = settings.memory.event_state
    return None if rule == "off" else rule
