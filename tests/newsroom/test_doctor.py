from __future__ import annotations

import pytest

from newsroom import doctor
from newsroom.db import Database
from newsroom.records import Run
from newsroom.settings import Settings
from newsroom.store import annotations


def started(db: Database, name: str) -> None:
    run = Run(
        run_id=name * 32, labeller="embedded", labeller_revision=name, codebook_version="v1",
        codebook_digest="d", prompt_digest=None, code_version="test",
    )  # fmt: skip
    with db.transaction() as conn:
        annotations.start_run(conn, run, {})


def test_all_is_well_on_a_migrated_database(settings: Settings, db: Database) -> None:
    assert set(doctor.check(settings).values()) == {"ok"}


def test_a_newer_run_that_readers_do_not_see_is_named(settings: Settings, db: Database) -> None:
    started(db, "a")
    assert doctor.check(settings)["labels"] == "ok"
    started(db, "b")
    told = doctor.check(settings)["labels"]
    assert "run bbbbbbbbbbbb of the configured labeller is newer than aaaaaaaaaaaa" in told


@pytest.mark.parametrize("labeller", ["embedded", "vllm"])
def test_a_model_server_that_is_away_matters_only_where_it_is_asked(
    settings: Settings, db: Database, labeller: str
) -> None:
    away = settings.llm.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    labels = settings.labels.model_copy(update={"labeller": labeller})
    told = doctor.check(settings.model_copy(update={"llm": away, "labels": labels}))["model"]
    assert (told == "ok") == (labeller == "embedded")
