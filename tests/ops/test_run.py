"""`yinuo run` as a person starts it, with parts of it killed underneath."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from yinuo.ops import database, run


@pytest.fixture
def home() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="yinuo-run-", dir="/tmp"))
    root.chmod(0o755)
    yield root / "home"
    with contextlib.suppress(database.DatabaseError):
        database.stop(root / "home")
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One `yinuo run` in a process of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.log = home.parent / f"run-{time.monotonic_ns()}.log"
        env = {**os.environ, "YINUO_HOME": str(home), "YINUO_PLAIN_STATIC": "0"}
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "yinuo", "run", "--port", str(port)],
                env=env,
                stdout=output,
                stderr=output,
            )

    def said(self) -> str:
        return self.log.read_text()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def await_(self, true: Callable[[], bool], what: str, *, within: float = 90) -> None:
        deadline = time.monotonic() + within
        while not true():
            assert time.monotonic() < deadline, f"{what} did not happen within {within} s:\n{self.said()}"
            time.sleep(0.1)

    def await_greeting(self) -> None:
        self.await_(lambda: "Ctrl-C" in self.said() or self.process.poll() is not None, "the greeting")
        assert self.process.poll() is None, self.said()
        self.await_(self.answers, "an answer of the home page")

    def child(self, word: str) -> psutil.Process:
        family = psutil.Process(self.process.pid).children()
        return next(process for process in family if word in process.cmdline())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture
def start(home: Path) -> Iterator[Callable[[int], Running]]:
    started: list[Running] = []

    def begin(port: int) -> Running:
        started.append(Running(home, port))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.mark.slow
def test_the_platform_comes_up_survives_kills_and_leaves_nothing_behind(
    home: Path, port: int, start: Callable[[int], Running]
) -> None:
    running = start(port)
    running.await_greeting()
    assert f"http://127.0.0.1:{port}/" in running.said()
    assert "yinuo-demo" in running.said(), "the demo sign-ins are missing"

    # A second run on the same folder, and one on the same port, are refused with their reason.
    second = start(port + 1 if port < 65535 else port - 1)
    assert second.process.wait(timeout=60) == 1
    assert f"is in use by another run (process {running.process.pid})" in second.said()

    # Every part is killed once; the platform answers again by itself, and says what it did.
    running.child("granian").kill()
    running.await_(lambda: "the pages process ended" in running.said(), "word of the killed pages")
    running.await_(running.answers, "an answer after the pages were killed")
    running.child("work").kill()
    running.await_(lambda: "the worker process ended" in running.said(), "word of the killed worker")
    running.await_(lambda: "work" in str(running.child("work").cmdline()), "a new worker")
    postmaster = database.status(home).pid
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    running.await_(lambda: "the database ended" in running.said(), "word of the killed database")
    running.await_(running.answers, "an answer after the database was killed")

    family = psutil.Process(running.process.pid).children(recursive=True)
    assert running.stop() == 0
    assert [process for process in family if database._alive(process.pid)] == []
    assert not database.status(home).running
    assert run.port_complaint("127.0.0.1", port) == ""


@pytest.mark.slow
def test_data_stay_and_a_killed_run_leaves_no_orphans(
    home: Path, port: int, start: Callable[[int], Running]
) -> None:
    first = start(port)
    first.await_greeting()
    with psycopg.connect(database.start(home).dsn_owner) as connection:
        connection.execute("create table kept (word text)")
    family = psutil.Process(first.process.pid).children(recursive=True)
    pages = [process for process in family if "postgres" not in process.name()]
    first.process.kill()
    first.process.wait()
    first.await_(lambda: not any(database._alive(process.pid) for process in pages), "the end of the orphans")

    second = start(port)
    second.await_greeting()
    with psycopg.connect(database.start(home).dsn_owner) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
    assert second.stop() == 0
    # The killed run's database was taken over, so the second run stopped it too.
    assert not database.status(home).running


def test_a_busy_port_is_named_with_its_owner_and_a_way_out(
    home: Path, start: Callable[[int], Running]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        refused = start(port)
        assert refused.process.wait(timeout=30) == 1
        said = refused.said()
        assert f"port {port} on 127.0.0.1 is in use by process {os.getpid()}" in said
        assert "make run ARGS='--port" in said
        assert not home.exists(), "nothing is started for a port that cannot be had"


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", 70000, "--port 70000 is no port"),
        ("127.0.0.1", 0, "--port 0 is no port"),
        ("192.0.2.1", 8000, "192.0.2.1:8000 cannot be listened on"),
    ],
)
def test_an_impossible_address_is_refused_in_words(host: str, port: int, said: str) -> None:
    assert said in run.port_complaint(host, port)


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(capfd: pytest.CaptureFixture[str]) -> None:
    child = run.Child("pages", [sys.executable, "-c", "raise SystemExit(3)"])
    child.start()
    begun = time.monotonic()
    while child.falls < 3 and time.monotonic() - begun < 20:
        run._look_after(child)
        time.sleep(0.02)
    child.stop()
    said = capfd.readouterr().err
    assert "the pages process ended (code 3); starting it again\n" in said
    assert "starting it again in 2 s" in said and "in 4 s" in said
