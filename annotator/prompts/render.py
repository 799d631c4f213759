"""Read prompt files and fill their slots; a prompt that changed without a new number is refused.

A file has a TOML head between two lines of dashes (``why``, ``slots``) and a text with ``$slots``.
``prompts.lock`` holds the digest of each file; ``python -m annotator.prompts.render`` adds the
new ones and refuses to change an old one.
"""

from __future__ import annotations

import hashlib
import string
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from newsroom.errors import Misconfigured

FOLDER = Path(__file__).parent
LOCK = "prompts.lock"
FENCE = "---\n"
# The one place that says which number of each prompt is in use.
LATEST = {
    "system": "001",
    "article": "001",
    "headline": "001",
    "label": "001",
    "score": "001",
    "words": "001",
    "sentences": "001",
}
# Apart, so that how a title is asked for never changes what a label was made with.
OF_EVENTS = {"system": "001", "event_title": "001"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt file; ``digest`` is of its bytes."""

    name: str
    slots: frozenset[str]
    text: str
    digest: str

    def fill(self, **values: str) -> str:
        """The text with every slot filled. Misconfigured for a slot that is missing or unknown."""
        if set(values) != self.slots:
            wrong = ", ".join(sorted(set(values) ^ self.slots))
            raise Misconfigured("prompt-slots", f"prompt {self.name}: {wrong}")
        return string.Template(self.text).substitute(values)


@cache
def load(folder: Path = FOLDER, *, events: bool = False) -> dict[str, Prompt]:
    """The prompts in use, of articles or of events.

    Misconfigured for a missing, broken or changed file.
    """
    locked = _locked(folder)
    prompts = {}
    for kind, number in (OF_EVENTS if events else LATEST).items():
        name = f"{kind}/{number}.md"
        prompt = _read(folder, name)
        if locked.get(name) != prompt.digest:
            raise Misconfigured(
                "prompt-changed",
                f"{name} is not the file in {LOCK}: a changed prompt needs a new number",
            )
        prompts[kind] = prompt
    return prompts


def lock(folder: Path = FOLDER) -> None:
    """Add the digests of new files to the lock. Misconfigured where an old file changed."""
    locked = _locked(folder)
    for path in sorted(folder.glob("*/*.md")):
        name = path.relative_to(folder).as_posix()
        digest = _read(folder, name).digest
        if locked.setdefault(name, digest) != digest:
            raise Misconfigured("prompt-changed", f"{name} was used before: give it a new number")
    lines = [f"{digest}  {name}\n" for name, digest in sorted(locked.items())]
    (folder / LOCK).write_text("".join(lines), encoding="utf-8")


def _locked(folder: Path) -> dict[str, str]:
    path = folder / LOCK
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _read(folder: Path, name: str) -> Prompt:
    try:
        raw = (folder / name).read_bytes()
        before, head, text = raw.decode("utf-8").split(FENCE, 2)
        known = tomllib.loads(head)
        slots, why = frozenset(known.pop("slots")), str(known.pop("why"))
        named = frozenset(string.Template(text).get_identifiers())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured("prompt-broken", f"{name}: {error}") from error
    if before or known or not why or named != slots:
        raise Misconfigured("prompt-broken", f"{name}: the head does not fit the text")
    return Prompt(name=name, slots=slots, text=text.strip(), digest=hashlib.sha256(raw).hexdigest())


if __name__ == "__main__":
    lock()
