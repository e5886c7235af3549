"""`yinuo doctor`: looks at this machine and says what is wrong, and what to do."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from yinuo.ops import database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="port that `yinuo run` will use")


def run(args: argparse.Namespace) -> int:
    """Prints one line for each finding; exit code 1 if any of them stops the platform."""
    worst = 0
    for good, line in findings(args.port):
        print(f"{'ok  ' if good else 'BAD '} {line}")
        worst = max(worst, 0 if good else 1)
    return worst


def findings(port: int) -> Iterator[tuple[bool, str]]:
    """(good, sentence) pairs, cheapest first. Starts and changes nothing."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield sys.version_info >= (3, 11), f"Python {version} (3.11 or newer is needed)"
    yield from _packages()
    yield from _settings()
    home = database.default_home()
    there = next(folder for folder in [home, *home.parents] if folder.exists())
    free = shutil.disk_usage(there).free // 2**20
    yield free >= 500, f"{free} MB free for {home} (500 MB are wanted)"
    if os.environ.get("DATABASE_URL"):
        yield from _external()
    else:
        yield from _embedded(home)
    yield from _port(port)


def _packages() -> Iterator[tuple[bool, str]]:
    missing = []
    for line in metadata.requires("yinuo") or []:
        if "extra ==" in line:
            continue
        name = next(part for part in _split(line))
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    told = f"missing Python packages: {', '.join(missing)}; run `make`" if missing else "Python packages"
    yield not missing, told


def _split(requirement: str) -> Iterator[str]:
    word = ""
    for letter in requirement:
        if not (letter.isalnum() or letter in "-_."):
            break
        word += letter
    yield word


def _settings() -> Iterator[tuple[bool, str]]:
    try:
        import yinuo.settings as settings
    except Exception as error:
        yield False, f"settings: {error}"
        return
    yield True, "settings: a demo, with known passwords" if settings.DEMO else "settings: for real work"
    pack = Path(settings.PACK)
    missing = "" if pack.is_dir() else " is missing: set YINUO_PACK"
    yield pack.is_dir(), f"the city's folder {pack}{missing}"


def _embedded(home: Path) -> Iterator[tuple[bool, str]]:
    try:
        folder = database.programs()
        wants = database.program_version(folder)
        found = database.status(home)
    except database.DatabaseError as error:
        yield False, f"embedded database: {error}"
        return
    yield True, f"embedded PostgreSQL {wants}, run by {found.user}, data in {found.data}"
    if found.version and found.version != wants:
        yield False, database.version_complaint(found.data, has=found.version, wants=wants)
    if not found.running:
        yield True, "it is not running; `yinuo run` or `yinuo db start` starts it"
        return
    yield True, f"it is running as process {found.pid}"
    yield from _roles(database.dsn(found.socket, role=database.RUN))


def _external() -> Iterator[tuple[bool, str]]:
    from yinuo import settings

    found = settings.DATABASES["default"]
    where = f"{found.get('HOST') or 'local socket'}/{found['NAME']}"
    import psycopg

    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection:
            number = connection.info.server_version
            yield number >= 160000, f"DATABASE_URL: PostgreSQL {number // 10000} at {where} (16 or newer)"
            known = connection.execute("select 1 from pg_roles where rolname = %s", [database.RUN]).fetchone()
            yield (
                bool(known),
                f"role {database.RUN}" + ("" if known else f" is missing: create role {database.RUN};"),
            )
            if known:
                row = connection.execute(
                    "select pg_has_role(current_user, %s, 'member'), current_user", [database.RUN]
                ).fetchone()
                assert row is not None
                told = "" if row[0] else f" is not a member: grant {database.RUN} to {row[1]};"
                yield bool(row[0]), f"{row[1]} may work as {database.RUN}{told}"
    except psycopg.Error as error:
        yield False, f"DATABASE_URL: {where} cannot be reached: {str(error).strip().splitlines()[0]}"


def _roles(address: str) -> Iterator[tuple[bool, str]]:
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            settings = {
                name: connection.execute("select current_setting(%s)", [name]).fetchone()
                for name in ("fsync", "synchronous_commit", "full_page_writes")
            }
            off = [name for name, value in settings.items() if value is None or value[0] != "on"]
            told = f" NOT durable: {', '.join(off)} is off" if off else " durable"
            yield not off, f"the platform's role signs in; commits are{told}"
    except psycopg.Error as error:
        yield False, f"the platform's role cannot sign in: {str(error).strip().splitlines()[0]}"


def _port(port: int) -> Iterator[tuple[bool, str]]:
    from yinuo.ops.run import port_complaint

    complaint = port_complaint("127.0.0.1", port)
    yield not complaint, complaint or f"port {port} is free"
