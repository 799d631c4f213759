"""How long a text one reader can be trusted with: the error curve of a model and its knee.

A model counts ballots (parity, which every single error spoils) at lengths from 8 to 2,048: from
the share of right answers p the error of one item is ε(n) = (1 − (2p − 1)^(1/n)) / 2. The
embedded reader attributes quotations in made-up hearings. The knee is the longest text up to
which at least nine answers in ten are right.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from annotator.longdoc import reading, transcript, trees
from annotator.longdoc.bench.run import Backend, Setting, run
from annotator.longdoc.document import attribution, read_document, spans

LENGTHS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
TRUSTED = 0.9
FOLDER = Path(__file__).parent / "calibration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One model's curve. ``unit`` is what lengths count; ``eps`` the error of one item where the
    accuracy still tells (above chance), else None.
    """

    model: str
    unit: str
    trials: int
    seed: int
    lengths: tuple[int, ...]
    accuracies: tuple[float, ...]
    eps: tuple[float | None, ...]
    knee: int

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def model(name: str, backend: Backend, each: trees.Each, *, trials: int, seed: int) -> Calibration:
    """The curve of a model, simulated or served; stops where nothing but chance is left."""
    found: list[float] = []
    for n in LENGTHS:
        setting = Setting(task="parity", protocol="single", n=n, trials=trials, seed=seed)
        found.append(run(setting, backend, each).accuracy)
    eps = tuple(_error(p, n, trials) for p, n in zip(found, LENGTHS, strict=True))
    return _calibration(name, "items", trials, seed, LENGTHS, found, eps)


def embedded(*, trials: int, seed: int) -> Calibration:
    """The curve of the embedded reader: quotations of hearings given the right speaker."""
    lengths = [n for n in LENGTHS if n >= 32]  # a hearing begins with its list of people
    found = []
    for n in lengths:
        right = []
        for trial in range(max(5, trials * 32 // n)):
            hearing = transcript.make(14 * n, seed + trial)
            at = spans(hearing.text)[:n]
            text = hearing.text[: at[-1].end]
            gold = {k: who for k, who in hearing.gold.items() if k < len(at)}
            if gold:
                right.append(attribution(read_document(text, chunk_sentences=n).speakers, gold))
        found.append(sum(right) / len(right))
    eps = tuple(1 - p for p in found)
    name = f"embedded@{reading.VERSION}"
    return _calibration(name, "sentences", trials, seed, lengths, found, eps)


def _error(accuracy: float, n: int, trials: int) -> float | None:
    lead = 2 * accuracy - 1
    return (1 - lead ** (1 / n)) / 2 if lead > 2 / trials**0.5 else None


def _calibration(
    name: str,
    unit: str,
    trials: int,
    seed: int,
    lengths: Sequence[int],
    found: Sequence[float],
    eps: Sequence[float | None],
) -> Calibration:
    knee = 0
    for length, accuracy in zip(lengths, found, strict=True):
        if accuracy < TRUSTED:
            break
        knee = length
    return Calibration(
        model=name,
        unit=unit,
        trials=trials,
        seed=seed,
        lengths=tuple(lengths),
        accuracies=tuple(round(p, 4) for p in found),
        eps=tuple(None if e is None else round(e, 6) for e in eps),
        knee=knee,
    )


def save(found: Calibration, folder: Path) -> None:
    """Beside the others, under the model's name without its version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{found.model.partition('@')[0]}.json"
    path.write_text(json.dumps(found.as_dict(), indent=1) + "\n", encoding="utf-8")


def knee_of(name: str) -> int:
    """The committed knee of a model. Raises KeyError for one that was never measured."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise KeyError(name)
    return int(json.loads(path.read_text(encoding="utf-8"))["knee"])
