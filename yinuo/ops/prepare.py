"""Makes a database ready to work: tables, the city's pack, and in a demo its people.

Each part runs in a process of its own, because a process connects either as the owner or as the platform.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import IO


def prepare(*, demo: bool) -> list[list[str]]:
    """Migrates, loads the pack, adds demo people, gathers static files. Safe to repeat.

    Returns the demo sign-ins as rows (user name, password, who, role). Raises SystemExit with the code of
    a child that failed, which has said why.
    """
    _python("as_owner()", owner=True, output=sys.stderr)
    rows = json.loads(_python(f"as_platform(demo={demo})", owner=False, output=subprocess.PIPE))
    return [[str(cell) for cell in row] for row in rows]


def _python(call: str, *, owner: bool, output: IO[str] | int) -> str:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "yinuo.settings", "PYTHONUNBUFFERED": "1"}
    env["YINUO_DB_AS"] = "owner" if owner else "platform"
    script = f"from yinuo.ops import prepare; prepare.{call}"
    done = subprocess.run([sys.executable, "-c", script], env=env, stdout=output, text=True)
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    return done.stdout or ""


def as_owner() -> None:
    """Tables and the pack, by the role that owns them."""
    from yinuo.ops import cli, migrate

    migrate.as_owner(verbosity=0)
    code = cli.main(["pack", "load"])
    if code != 0:
        raise SystemExit(code)


def as_platform(*, demo: bool) -> None:
    """Demo people in or locked out, and static files, by the role that the platform works as.

    Prints the sign-ins as JSON.
    """
    import django

    django.setup()
    from django.core.management import call_command

    from yinuo.ops import demo as people

    call_command("collectstatic", interactive=False, verbosity=0)
    signs = [list(sign) for sign in people.ensure()] if demo else []
    if not demo:
        people.remove()  # a database that was a demo once lets nobody in by a password that everybody knows
    print(json.dumps(signs, ensure_ascii=False))
