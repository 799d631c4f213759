"""S14: what comes through the broker is data, never code."""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from kombu.exceptions import ContentDisallowed

from newsroom import queue
from newsroom.settings import Settings

ROOT = Path(__file__).parents[2]


class _Trap:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


def _receive(app: Any) -> list[str]:
    """Take what waits in the label queue as a worker does."""
    done: list[str] = []
    with app.connection_for_read() as connection:
        consumer = app.amqp.TaskConsumer(
            connection.default_channel,
            queues=[app.amqp.queues[queue.QUEUE_LABEL]],
            accept=app.conf.accept_content,
        )
        consumer.register_callback(lambda body, message: (done.append(str(body)), message.ack()))
        with consumer:
            connection.drain_events(timeout=5)
    return done


def test_a_pickled_message_is_refused_unread(settings: Settings, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    app = queue.make_app(settings)
    assert app.conf.accept_content == ["json"]
    with app.connection_for_write() as connection:
        name = app.amqp.queues[queue.QUEUE_LABEL].name
        message = {
            "body": base64.b64encode(pickle.dumps(_Trap(trap))).decode(),
            "content-encoding": "binary",
            "content-type": "application/x-python-serialize",
            "headers": {"task": queue.TASK_LABEL, "id": "1", "lang": "py"},
            "properties": {
                "delivery_tag": "1", "body_encoding": "base64",
                "delivery_info": {"exchange": "", "routing_key": name},
            },
        }  # fmt: skip
        connection.default_channel.client.lpush(name, json.dumps(message))
    with pytest.raises(ContentDisallowed):
        _receive(app)
    assert not trap.exists()
    pickle.loads(pickle.dumps(_Trap(trap)))  # the trap does spring where pickles are read
    assert trap.exists()
    with app.connection_for_write() as connection:
        connection.default_channel.queue_purge(name)
    queue.ring(app, tasks=(queue.TASK_LABEL,))
    assert len(_receive(app)) == 1


def test_nothing_reads_pickles() -> None:
    """No pickle in the running system; Scrapy's two stores of pickles are off."""
    used = re.compile(r"^\s*(?:import|from) (?:pickle|cPickle|dill|cloudpickle|shelve|marshal)\b|yaml\.load\(", re.MULTILINE)  # fmt: skip
    folders = ("newsroom", "scraper", "annotator", "api", "dashboard", "memory_lm")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert [str(p) for p in files if used.search(p.read_text(encoding="utf-8"))] == []
    from scraper import settings as scrapy_settings

    values = scrapy_settings.build(Settings(), [], {})
    assert values["JOBDIR"] is None
    assert values["HTTPCACHE_ENABLED"] is False
