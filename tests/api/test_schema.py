"""The whole document against the running API: schemathesis makes the questions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.openapi import document

ADDRESS_MAX = 60_000
SCHEMA = schemathesis.openapi.from_dict(json.loads(document()))
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]


@pytest.fixture(scope="session")
def served(stocked) -> Iterator[str]:
    """The address of a server of the filled newsroom."""
    server = uvicorn.Server(uvicorn.Config(create_app(stocked), port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    (socket,) = server.servers[0].sockets
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("examples", [2, pytest.param(100, marks=pytest.mark.long)])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.label)
def test_every_answer_is_as_the_document_says(served, operation, examples) -> None:
    asked = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(asked))
    def ask(case) -> None:
        # The server of HTTP takes no longer address, and says so before us.
        assume(len(case.as_curl_command()) < ADDRESS_MAX)
        # What fits the document may still mean nothing: a cursor of another list, a time ahead.
        case.call_and_validate(base_url=served, excluded_checks=[positive_data_acceptance])

    ask()
