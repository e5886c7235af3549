"""Makes a database ready to work: tables, the city's pack, and in a demo its people.

Each part runs in a process of its own, because a process connects either as the owner or as the platform.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any


def prepare(*, demo: bool, static: bool = True) -> list[list[str]]:
    """Migrates, loads the pack, adds demo people, gathers static files. Safe to repeat.

    Returns the demo sign-ins as rows (user name, password, who). Raises SystemExit with the code of a child
    that failed, which has said why.
    """
    _python("as_owner()", owner=True)
    out = _python(f"as_platform(demo={demo}, static={static})", owner=False)
    rows = json.loads(out.strip().splitlines()[-1])
    return [[str(cell) for cell in row] for row in rows]


def _python(call: str, *, owner: bool) -> str:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "yinuo.settings", "PYTHONUNBUFFERED": "1"}
    env["YINUO_DB_AS"] = "owner" if owner else "platform"
    script = f"from yinuo.ops import prepare; prepare.{call}"
    done = subprocess.run([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    return done.stdout


def as_owner() -> None:
    """Tables and the pack, by the role that owns them."""
    from yinuo.ops import migrate

    migrate.as_owner(verbosity=0)
    load_pack()


def as_platform(*, demo: bool, static: bool) -> None:
    """Demo people and static files, by the role that the platform works as. Prints the sign-ins as JSON."""
    import django

    django.setup()
    from django.core.management import call_command

    if static:
        call_command("collectstatic", interactive=False, verbosity=0)
    print(json.dumps(demo_people() if demo else [], ensure_ascii=False))


def load_pack() -> None:
    """Loads the pack of settings.PACK, as `yinuo pack load` does."""
    if not _stands("yinuo.ops.pack"):
        print("prepare: there is no pack loader in this installation; no pack is loaded", file=sys.stderr)
        return
    from yinuo.ops import cli

    code = cli.main(["pack", "load"])
    if code != 0:
        raise SystemExit(code)


def demo_people() -> list[Any]:
    if not _stands("yinuo.ops.demo"):
        return []
    from yinuo.ops import demo

    return [list(row) for row in demo.ensure()]


def _stands(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
