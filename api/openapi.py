"""``python -m api.openapi > docs/openapi.json``: the committed description of the API."""

from __future__ import annotations

import json
import sys

from api.app import create_app
from newsroom.settings import load


def document() -> str:
    """The OpenAPI document as text; needs no database."""
    app = create_app(load({"DATABASE_URL": "postgresql://nowhere.invalid/newsroom"}))
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
