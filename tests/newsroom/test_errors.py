from __future__ import annotations

import pickle

import pytest

from newsroom.errors import BadRequest, Later, NewsroomError, Refused


@pytest.mark.parametrize(
    "error",
    [
        Refused("too-short", "3 words"),
        Later("away", "no", delay_s=7),
        BadRequest("x", "y", field="z"),
    ],
)
def test_errors_cross_process_borders(error: NewsroomError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert (str(back), back.__dict__) == (str(error), error.__dict__)
