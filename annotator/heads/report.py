"""Draw the measures of the heads: `python -m annotator.heads.report --results DIR`.

Writes heads.json (the measures with machine and versions), heads.png, and the model card. The
drawing is SVG, turned into PNG by a headless Chromium through Playwright, both of them development
packages.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from annotator.heads import card
from annotator.heads.model import WEIGHTS_PATH

METRICS_PATH = WEIGHTS_PATH.with_name("metrics.json")
CARD_PATH = WEIGHTS_PATH.with_name("MODEL_CARD.md")
PACKAGES = ("numpy", "scikit-learn", "torch", "tokenizers", "safetensors")
WIDTH, ROW, LEFT, RIGHT = 760, 30, 280, 90


def main() -> None:
    """Read metrics.json and write both files into the results folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True)
    folder: Path = parser.parse_args().results
    measures = json.loads(METRICS_PATH.read_text(encoding="utf-8"))
    measures["machine"] = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
    folder.mkdir(parents=True, exist_ok=True)
    CARD_PATH.write_text(card.page(measures), encoding="utf-8")
    (folder / "heads.json").write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    _save_png(figure(bars(measures)), folder / "heads.png")


def bars(measures: dict[str, Any]) -> list[tuple[str, float, float, float]]:
    """What is drawn: name, value, and both ends of its interval."""
    lean, kind, topic, tone = (measures[k] for k in ("lean", "news_type", "topic", "tone"))
    scored = [
        ("lean, ours", lean["ours"]),
        ("lean, TF-IDF", lean["tfidf"]),
        ("lean, side network alone", lean["side"]),
        ("news type, ours", kind["ours"]),
        ("news type, TF-IDF", kind["tfidf"]),
        ("news type, side network alone", kind["side"]),
        ("topic in 12 groups", topic["coarse_ours"]),
        ("topic, 32 classes", topic["ours"]),
        ("tone in 3 classes", tone["tone3"]),
    ]
    rows = [(name, part["macro_f1"], *part["macro_f1_95"]) for name, part in scored]
    return [*rows, ("tone, Pearson correlation", tone["pearson"], *tone["pearson_95"])]


def figure(rows: list[tuple[str, float, float, float]]) -> str:
    """Horizontal bars with intervals, as SVG text."""
    span, height = WIDTH - LEFT - RIGHT, ROW * len(rows) + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" ',
        'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>',
        '<text x="12" y="22" font-size="15">Macro-F1 on outlets not trained on, ',
        "95 % interval over outlets (tone: over documents)</text>",
    ]
    for i, (name, value, low, high) in enumerate(rows):
        y = 40 + i * ROW
        x, a, b = (LEFT + span * v for v in (value, low, high))
        ours = "#2f6690" if "TF-IDF" not in name and "alone" not in name else "#b8c4cc"
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{name}</text>',
            f'<rect x="{LEFT}" y="{y + 2}" width="{x - LEFT:.1f}" height="18" fill="{ours}"/>',
            f'<path d="M{a:.1f} {y + 11}H{b:.1f}" stroke="black" stroke-width="1.5"/>',
            f'<text x="{WIDTH - 8}" y="{y + 15}" text-anchor="end">{value:.2f}</text>',
        ]
    base = height - 24
    parts += [
        f'<text x="{LEFT + span * t / 4:.0f}" y="{base + 10}" text-anchor="middle">{t / 4}</text>'
        for t in range(5)
    ]
    return "".join([*parts, "</svg>"])


def _save_png(svg: str, path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path=os.environ.get("CHROMIUM_PATH"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 100})
        page.set_content(f"<body style='margin:0'>{svg}</body>")
        page.locator("svg").screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    main()
