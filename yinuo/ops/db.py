"""`yinuo db start|stop|status`: the embedded database of YINUO_HOME."""

from __future__ import annotations

import argparse

from yinuo.ops import database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["start", "stop", "status"])


def run(args: argparse.Namespace) -> int:
    """Exit code 3 for `status` when nothing runs, as service managers expect."""
    if args.what == "start":
        server = database.start()
        print(f"{'started' if server.started else 'already running'}: process {server.pid}, {server.data}")
        print(f"as the platform: {server.dsn_run}")
        print(f"as the owner:    {server.dsn_owner}")
        return 0
    if args.what == "stop":
        print("stopped" if database.stop() else "was not running")
        return 0
    found = database.status()
    if not found.running:
        made = f"PostgreSQL {found.version}" if found.version else "not made yet"
        print(f"not running; data folder {found.data} ({made})")
        return 3
    print(f"running as {found.user}: process {found.pid}, PostgreSQL {found.version}, {found.data}")
    return 0
