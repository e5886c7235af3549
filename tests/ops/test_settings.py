"""What the environment may say, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KEY = "k3y" * 20


def settings_with(home: Path, **environ: str) -> tuple[dict[str, Any], str]:
    """The settings of a fresh process, or the last line of its error."""
    names = ["DATABASES", "DEMO", "SECRET_KEY", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "EMAIL_BACKEND"]
    script = f"import json, yinuo.settings as s; print(json.dumps({{n: getattr(s, n) for n in {names}}}))"
    env = {"PATH": os.environ["PATH"], "YINUO_HOME": str(home), **environ}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=root, capture_output=True, text=True)
    if done.returncode:
        return {}, done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout), ""


def test_a_demo_makes_its_own_key_once(tmp_path: Path) -> None:
    first, _ = settings_with(tmp_path)
    second, _ = settings_with(tmp_path)
    assert len(first["SECRET_KEY"]) >= 50
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert (tmp_path / "demo_secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "DEMO=0 needs a SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + KEY}, "DEMO=0 needs a SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "at least 32 random characters"),
        ({"SECRET_KEY": KEY}, "DEMO=0 needs ALLOWED_HOSTS"),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": "a.example", "EMAIL_PORT": "smtp"}, "EMAIL_PORT='smtp'"),
    ],
)
def test_real_work_refuses_to_start_half_set(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    found, error = settings_with(tmp_path, DEMO="0", **environ)
    assert not found
    assert said in error


def test_real_work_sends_cookies_over_tls_only(tmp_path: Path) -> None:
    found, error = settings_with(tmp_path, DEMO="0", SECRET_KEY=KEY, ALLOWED_HOSTS="a.example, b.example")
    assert error == ""
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert not (tmp_path / "demo_secret_key").exists()


def test_one_database_address_serves_both_roles(tmp_path: Path) -> None:
    url = "postgresql://city:s%40cret@db.example:6432/promises?sslmode=require"
    working = settings_with(tmp_path, DATABASE_URL=url)[0]["DATABASES"]["default"]
    assert (working["USER"], working["PASSWORD"], working["HOST"]) == ("city", "s@cret", "db.example")
    assert working["OPTIONS"]["options"] == "-c role=yinuo_run"
    assert working["OPTIONS"]["sslmode"] == "require"
    migrating = settings_with(tmp_path, DATABASE_URL=url, YINUO_DB_AS="owner")[0]["DATABASES"]["default"]
    assert "options" not in migrating["OPTIONS"]


def test_two_database_addresses_keep_the_roles_apart(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql://run@h/d", "DATABASE_OWNER_URL": "postgresql://owner@h/d"}
    working = settings_with(tmp_path, **environ)[0]["DATABASES"]["default"]
    assert working["USER"] == "run" and "options" not in working["OPTIONS"]
    assert (
        settings_with(tmp_path, YINUO_DB_AS="owner", **environ)[0]["DATABASES"]["default"]["USER"] == "owner"
    )


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL is no PostgreSQL address"),
        ({"DATABASE_OWNER_URL": "postgresql://o@h/d"}, "DATABASE_URL is not"),
        ({"DEMO": "perhaps"}, "DEMO='perhaps' is neither 1 nor 0"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    assert said in settings_with(tmp_path, **environ)[1]


def test_without_a_mail_server_letters_become_files(tmp_path: Path) -> None:
    assert settings_with(tmp_path)[0]["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    found, _ = settings_with(tmp_path, EMAIL_HOST="mail.example")
    assert found["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
