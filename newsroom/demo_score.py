"""How well the pipeline did on the demo, against the truth written beside it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import scraper.demo
from annotator.events.scores import b_cubed

from newsroom.db import Conn
from newsroom.store import totals
