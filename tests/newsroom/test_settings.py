from __future__ import annotations

from pathlib import Path

import pytest

from newsroom import settings
from newsroom.errors import Misconfigured


def test_reads_bare_and_prefixed_names() -> None:
    got = settings.load({"PORT": "9001", "NEWSROOM_WORK__LEASE_S": "5", "PATH": "ignored"})
    assert (got.port, got.work.lease_s) == (9001, 5.0)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"NEWSROOM_WROK__LEASE_S": "5"}, "did you mean NEWSROOM_WORK__LEASE_S"),
        ({"PORT": "abc"}, "PORT: "),
        ({"NEWSROOM_CRAWL__DELAY_S": "0.1"}, "NEWSROOM_CRAWL__DELAY_S: "),
        ({"DATABASE_URL_FILE": "/nowhere/at/all"}, "DATABASE_URL_FILE"),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        settings.load(environ)
    assert message in str(caught.value)


def test_secrets_come_from_files_and_stay_masked(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:hush@h/d\n")
    (tmp_path / "key").write_text("hush-too\n")
    got = settings.load(
        {
            "DATABASE_URL_FILE": str(tmp_path / "url"),
            "NEWSROOM_LAB__ENDPOINT_KEY_FILE": str(tmp_path / "key"),
        }
    )
    assert got.require_database() == "postgresql://u:hush@h/d"
    assert got.lab.endpoint_key is not None
    assert got.lab.endpoint_key.get_secret_value() == "hush-too"
    assert "hush" not in repr(got)
    assert "hush" not in str(got.model_dump(mode="json"))


def test_children_get_the_same_settings() -> None:
    given = settings.load(
        {
            "DATABASE_URL": "postgresql://a@b/c",
            "NEWSROOM_HOME": "/srv/n",
            "NEWSROOM_WORK__BATCH": "7",
            "LOG_LEVEL": "ERROR",
            "NEWSROOM_LAB__ENDPOINT_KEY": "hush",
        }
    )
    assert settings.load(settings.environ(given)) == given


def test_missing_services_say_what_to_do() -> None:
    with pytest.raises(Misconfigured, match="newsroom up"):
        settings.load({}).require_database()
    with pytest.raises(Misconfigured, match="newsroom up"):
        settings.load({}).require_broker()


def test_example_file_is_current() -> None:
    assert Path(".env.example").read_text() == settings.example()
