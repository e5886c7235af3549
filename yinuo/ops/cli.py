"""The command line. Each sub-command is a module with add_arguments(parser) and run(args) -> int.

Modules are imported only when their word is typed, so that `yinuo due` answers without Django, and a broken
module breaks its own word alone.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("yinuo.ops.run", "start everything: database, pages, worker"),
    "work": ("yinuo.ops.worker", "the worker: what falls due, and notices to send"),
    "migrate": ("yinuo.ops.migrate", "bring the database to this version's tables"),
    "pack": ("yinuo.ops.pack", "check, load or measure a city's folder"),
    "verify": ("yinuo.ops.verify", "prove that the ledger was not changed"),
    "seal": ("yinuo.ops.seal", "seal the ledger's heads"),
    "due": ("yinuo.ops.due", "compute a due date and explain it"),
    "db": ("yinuo.ops.db", "start, stop or see the embedded database"),
    "doctor": ("yinuo.ops.doctor", "say what is wrong with this machine, and what to do"),
}


WITH_DATABASE = ("work", "verify", "seal", "migrate")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one sub-command; 0 is success, 1 a refusal with its reason, 2 a mistyped command."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        return _usage()
    if words[0] == "--version":
        from importlib.metadata import version

        print(f"yinuo {version('yinuo')}")
        return 0
    name, *rest = words
    if name not in COMMANDS:
        print(f"yinuo: {name!r} is no command; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    path, about = COMMANDS[name]
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name == path:
            print(f"yinuo: `{name}` is not part of this installation ({path} is missing)", file=sys.stderr)
        else:
            print(f"yinuo: `{name}` needs {error.name}, which is not installed. Run `make`.", file=sys.stderr)
        return 1
    parser = argparse.ArgumentParser(prog=f"yinuo {name}", description=about)
    module.add_arguments(parser)
    args = parser.parse_args(rest)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yinuo.settings")
    try:
        with _database(words):
            return int(module.run(args))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if _is_told(error):
            print(f"yinuo {name}: {error}", file=sys.stderr)
            return 1
        raise


@contextlib.contextmanager
def _database(words: Sequence[str]) -> Iterator[None]:
    """The embedded database for a command that reads or writes cases; stopped again if nobody else came."""
    if os.environ.get("DATABASE_URL") or not (
        words[0] in WITH_DATABASE or tuple(words[:2]) == ("pack", "load")
    ):
        yield
        return
    from yinuo.ops import database

    server = database.start()
    try:
        yield
    finally:
        if server.started:
            database.stop(unless_used=True)


def _is_told(error: Exception) -> bool:
    """Errors whose message is written for the person at the keyboard; anything else keeps its traceback."""
    told = {
        ("yinuo.ops.database", "DatabaseError"),
        ("django.core.exceptions", "ImproperlyConfigured"),
        ("django.db.utils", "OperationalError"),  # no server at DATABASE_URL, or it went away
    }
    return any((kind.__module__, kind.__name__) in told for kind in type(error).__mro__)


def _usage() -> int:
    print("yinuo COMMAND [options]; `yinuo COMMAND --help` tells more\n")
    width = max(map(len, COMMANDS))
    for name, (_, about) in COMMANDS.items():
        print(f"  {name:<{width}}  {about}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
