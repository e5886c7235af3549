"""`yinuo run`: the whole platform on one machine, supervised.

Starts the embedded database (unless DATABASE_URL names one), brings tables, pack and demo people up to date,
then keeps two children alive: granian with the pages, and the worker. A second run finds everything in place
and keeps the data. SIGINT or SIGTERM stops what this run started.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from yinuo.ops import database, prepare

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes for pages (default %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 after an orderly stop; 1 when something that must stand does not, with the reason."""
    demo = os.environ.get("DEMO", "1").strip().lower() in ("1", "true", "yes", "")
    complaint = port_complaint(args.host, args.port)
    if complaint:
        say(complaint)
        return 1
    if demo and args.host not in LOOPBACK and not os.environ.get("ALLOWED_HOSTS"):
        say(f"demo passwords are known to everybody, and {args.host} may be reached from other machines")
        os.environ["ALLOWED_HOSTS"] = "*"
    stop = Stop()
    home = database.default_home()
    embedded = not os.environ.get("DATABASE_URL")
    children: list[Child] = []
    ours = False
    try:
        with claim(home) as adopted:
            environ = {}
            if embedded:
                server = database.start(home)
                ours = server.started or adopted
                # Children are given the address, so that only the supervisor ever starts the server.
                environ["DATABASE_URL"] = server.dsn_run
            record(home, owns_database=ours)
            signs = prepare.prepare(demo=demo)
            children = children_for(host=args.host, port=args.port, workers=args.workers, environ=environ)
            for child in children:
                child.start()
            if not await_answer(children[0], args.host, args.port):
                return 1
            greet(args.host, args.port, signs)
            supervise(children, stop, home if embedded else None)
            return 0
    except SystemExit as ended:
        if not stop.asked:
            say("the database could not be made ready; the reason stands above")
        return 0 if stop.asked else int(ended.code or 1)
    except Stopped:
        return 0
    finally:
        stop.quiet = True
        for child in reversed(children):
            child.stop()
        if ours:
            database.stop(home)
        if children:
            say("stopped")


def say(line: str) -> None:
    """One line on stderr, in our name."""
    print(f"yinuo: {line}", file=sys.stderr, flush=True)


class Stopped(Exception):
    """Somebody asked to stop while we were still starting."""


class Stop:
    """Remembers that SIGINT or SIGTERM came; while starting it interrupts, afterwards the loop looks."""

    def __init__(self) -> None:
        self.asked = False
        self.quiet = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on)

    def _on(self, number: int, frame: FrameType | None) -> None:
        if self.quiet:
            return  # already stopping: an impatient second Ctrl-C must not leave children behind
        self.asked = True
        self.quiet = True
        raise Stopped


# --- one run for one home ----------------------------------------------------------------------------------


@contextlib.contextmanager
def claim(home: Path) -> Iterator[bool]:
    """Refuses a second run on the same home. Yields true if a killed run left its database to us."""
    path = home / "run.pid"
    adopted = False
    with contextlib.suppress(OSError, ValueError):
        pid, born, owns = path.read_text().split()
        with contextlib.suppress(psutil.NoSuchProcess):
            if abs(psutil.Process(int(pid)).create_time() - float(born)) < 2 and int(pid) != os.getpid():
                raise database.DatabaseError(
                    f"{home} is in use by another run (process {pid}). "
                    "Stop that one, or set YINUO_HOME to another folder."
                )
        adopted = owns == "1"
    try:
        yield adopted
    finally:
        path.unlink(missing_ok=True)


def record(home: Path, *, owns_database: bool) -> None:
    """Writes who runs here, so that a second run can tell."""
    born = psutil.Process().create_time()
    (home / "run.pid").write_text(f"{os.getpid()} {born:.2f} {int(owns_database)}\n")


# --- the port ----------------------------------------------------------------------------------------------


def port_complaint(host: str, port: int) -> str:
    """Why this port cannot be listened on and what to do about it, or ""."""
    if not 1 <= port <= 65535:
        return f"--port {port} is no port; choose one between 1024 and 65535"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        return f"--host {host} is no address of this machine ({error.strerror}); try --host 127.0.0.1"
    with socket.socket(found[0], found[1]) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(found[4])
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"port {port} on {host} is in use{_by_whom(port)}. Stop that program, or choose another "
                    f"port: make run ARGS='--port {port + 1 if port < 65535 else 8000}'"
                )
            if error.errno == errno.EACCES:
                return f"port {port} may only be used by root; choose one from 1024 up, such as --port 8000"
            return f"{host}:{port} cannot be listened on: {error.strerror}"
    return ""


def _by_whom(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for found in psutil.net_connections(kind="tcp"):
            if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port and found.pid:
                return f" by process {found.pid} ({psutil.Process(found.pid).name()})"
    return ""


def await_answer(child: Child, host: str, port: int) -> bool:
    """True once the pages answer HTTP; false if their process ends, or after a minute, having said so."""
    import http.client

    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    for _ in range(600):
        if not child.alive():
            say(f"the pages' process ended while starting (code {child.code()}); its reason stands above")
            return False
        connection = http.client.HTTPConnection(target, port, timeout=5)
        try:
            connection.request("HEAD", "/static/", headers={"Host": "localhost"})
            connection.getresponse()
            return True
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    say("the pages did not answer within a minute")
    return False


def greet(host: str, port: int, signs: list[list[str]]) -> None:
    """Prints the address, and in a demo who may sign in."""
    shown = f"[{host}]" if ":" in host else host
    print(f"\n一诺 Yinuo: http://{shown}:{port}/\n")
    if signs:
        main = {role: [name, password, who] for name, password, who, role in reversed(signs)}
        shown_signs = [sign[:3] for sign in signs if main[sign[3]] == sign[:3]]
        table = [["用户名", "密码", "谁"], *shown_signs]
        widths = [max(_width(row[column]) for row in table) for column in range(2)]
        for row in table:
            cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)]
            print("  " + "  ".join([*cells, *row[2:]]))
        print(f"  另有 {len(signs) - len(shown_signs)} 个演示账号，见登录页 (more on the sign-in page)\n")
    print("Ctrl-C stops it; the data stays.\n", flush=True)


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


# --- children ----------------------------------------------------------------------------------------------


def children_for(*, host: str, port: int, workers: int, environ: Mapping[str, str]) -> list[Child]:
    """The processes that make up the platform, not started yet; the first one serves the pages.

    `environ` is added to this process's own.
    """
    pages = pages_command(host=host, port=port, workers=workers)
    worker = [sys.executable, "-m", "yinuo", "work"]
    return [Child("pages", pages, environ), Child("worker", worker, environ)]


def pages_command(*, host: str, port: int, workers: int) -> list[str]:
    """WSGI, because Django under ASGI costs three times as much; blocking threads wait for the database."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    command += ["--host", host, "--port", str(port), "--workers", str(workers)]
    command += ["--blocking-threads", "4", "--blocking-threads-idle-timeout", "600", "--backlog", "1024"]
    command += ["--respawn-failed-workers", "--workers-kill-timeout", "10", "yinuo.wsgi:application"]
    return command


try:
    _libc = ctypes.CDLL(None, use_errno=True)
except OSError:  # not a system with a C library of its own to load
    _libc = None
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """In the child, before exec: if this supervisor is killed, the child is asked to stop (Linux only)."""
    if _libc is not None and hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One supervised process, in a session of its own so that Ctrl-C reaches only the supervisor."""

    name: str
    command: list[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    output: IO[bytes] | None = None  # takes what it prints, which otherwise goes where ours goes
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "yinuo.settings", "PYTHONUNBUFFERED": "1"}
        env |= self.environ
        self.process = subprocess.Popen(
            self.command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.started = time.monotonic()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def code(self) -> int | None:
        return self.process.poll() if self.process else None

    def stop(self) -> None:
        if self.process is None:
            return
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                say(f"the {self.name} process does not stop; killing it")
        self.sweep()

    def sweep(self) -> None:
        """Ends whatever a dead child left running, so that its port and connections are free."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def supervise(children: list[Child], stop: Stop, home: Path | None) -> None:
    """Restarts what dies, at once the first time and ever more slowly if it keeps dying."""
    checked = time.monotonic()
    with contextlib.suppress(Stopped):
        while not stop.asked:
            for child in children:
                _look_after(child)
            if home is not None and time.monotonic() - checked > 2:
                if not database.status(home).running:
                    say("the database ended; starting it again")
                    database.start(home)
                checked = time.monotonic()
            time.sleep(0.3)


def _look_after(child: Child) -> None:
    now = time.monotonic()
    if child.alive():
        if child.falls and now - child.started > 60:
            child.falls = 0
        return
    if not child.not_before:
        child.sweep()
        wait = 0 if child.falls == 0 else min(2.0**child.falls, 30)
        child.falls += 1
        child.not_before = now + wait
        when = "starting it again" if wait == 0 else f"starting it again in {wait:.0f} s"
        say(f"the {child.name} process ended (code {child.code()}); {when}")
    if now >= child.not_before:
        child.not_before = 0.0
        child.start()
