"""`yinuo migrate`: makes and changes tables, as the role that owns them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from yinuo.ops import database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help="only say what would be done")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when the tables stand at this version."""
    return migrate(plan=args.plan)


def migrate(*, plan: bool = False) -> int:
    """Migrates in a process of its own: this one may already be connected as the run-time role."""
    words = ["--plan"] if plan else []
    return subprocess.call(
        [sys.executable, "-c", _SCRIPT, *words],
        env={**os.environ, "YINUO_DB_AS": "owner", "DJANGO_SETTINGS_MODULE": "yinuo.settings"},
    )


_SCRIPT = "import sys; from yinuo.ops.migrate import as_owner; as_owner(plan='--plan' in sys.argv)"


def as_owner(*, plan: bool = False, verbosity: int = 1) -> None:
    """Grants first, so that the run-time role reaches every table that the migrations then make."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    if not plan:
        connection.ensure_connection()
        database.grant_defaults(connection.connection)
    call_command("migrate", plan=plan, interactive=False, verbosity=verbosity)
