"""Processes that may be killed and a database server that may be stopped, apart from everybody else's."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "work"))  # lives.py


# --- other processes ---------------------------------------------------------------------------------------


@dataclass
class Hands:
    """Starts tests/faults/hands.py in processes of their own against one database."""

    dsn: str
    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, act: str, **given: Any) -> subprocess.Popen[str]:
        environ = {**os.environ, "DATABASE_URL": self.dsn, "YINUO_HOME": str(self.folder)}
        process = subprocess.Popen(
            [sys.executable, str(HERE / "hands.py"), act, json.dumps(given)],
            env=environ,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def end(self, process: subprocess.Popen[str], *, timeout: float = 30) -> tuple[int, str]:
        """(return code, what it said); a negative code is the signal that ended it."""
        out, err = process.communicate(timeout=timeout)
        return process.returncode, out + err

    def together(self, processes: list[subprocess.Popen[str]], go: Path) -> list[str]:
        """Lets processes that are ready begin at the same instant; what each said in the end."""
        for process in processes:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said == "ready\n", said + process.communicate()[1]
        go.touch()
        ended = [self.end(process) for process in processes]
        assert [code for code, _ in ended] == [0] * len(processes), ended
        return [said.strip().splitlines()[-1] for _, said in ended]

    def sweep(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def make_hands(tmp_path: Path) -> Iterator[Callable[[str], Hands]]:
    """Other processes at work on the database of an address."""
    made: list[Hands] = []

    def make(dsn: str) -> Hands:
        made.append(Hands(dsn, tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.sweep()


@pytest.fixture
def hands(fresh_city: Any, make_hands: Callable[[str], Hands]) -> Hands:
    """Other processes at work on this test's own city."""
    return make_hands(fresh_city.dsn_run)


# --- the pages, to be killed -------------------------------------------------------------------------------


@dataclass
class Pages:
    """granian with the pages on this test's own city; `kill()` is kill -9 of all its processes at once."""

    dsn: str
    folder: Path
    child: Any = None
    url: str = ""

    def start(self) -> None:
        import socket

        from yinuo.ops import run

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        from django.conf import settings

        environ = {"DATABASE_URL": self.dsn, "YINUO_HOME": str(self.folder), "YINUO_PLAIN_STATIC": "1"}
        environ["SECRET_KEY"] = settings.SECRET_KEY  # so that a sign-in made by the test holds there, too
        self.child = run.children_for(host="127.0.0.1", port=port, workers=1, environ=environ)[0]
        self.child.output = open(self.folder / "pages.log", "ab")  # noqa: SIM115
        self.child.start()
        self.url = f"http://127.0.0.1:{port}"
        if not run.await_answer(self.child, "127.0.0.1", port):
            pytest.fail(f"the pages did not start:\n{(self.folder / 'pages.log').read_text()[-3000:]}")

    def kill(self) -> None:
        os.killpg(self.child.process.pid, signal.SIGKILL)
        self.child.process.wait()

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()
            self.child.output.close()

    def browse(self, session: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, Any]:
        """(status, page, headers) as a browser with that session gets it; redirects are not followed."""
        import http.client
        from urllib.parse import urlencode

        token = "a" * 32
        headers = {"Cookie": f"sessionid={session}; csrftoken={token}"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=15)
        try:
            connection.request("GET" if form is None else "POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()

    def send_photo(self, key: str) -> str:
        """The id under which a photo may be handed in."""
        import io

        from PIL import Image

        drawn = io.BytesIO()
        Image.new("RGB", (64, 48), "teal").save(drawn, "PNG")
        body = (
            b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
            b"Content-Type: image/png\r\n\r\n" + drawn.getvalue() + b"\r\n--cut--\r\n"
        )
        kind = {"Content-Type": "multipart/form-data; boundary=cut"}
        status, told = self.call(key, "/evidence", body, **kind)
        assert status == 201, told
        return str(told["id"])

    def call(self, key: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """(status, JSON) of the API; raises OSError when nobody answered."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/api{path}",
            data=data,
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@pytest.fixture
def make_pages(tmp_path: Path) -> Iterator[Callable[[str], Pages]]:
    made: list[Pages] = []

    def make(dsn: str) -> Pages:
        made.append(Pages(dsn, tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def pages(fresh_city: Any, make_pages: Callable[[str], Pages]) -> Pages:
    """The pages on this test's own city, not started yet."""
    return make_pages(fresh_city.dsn_run)


# --- a database server of one's own ------------------------------------------------------------------------


@dataclass
class OwnServer:
    """An embedded PostgreSQL that nobody else uses, with the city in it."""

    home: Path
    dsn_run: str

    def kill(self) -> None:
        """kill -9 of the postmaster, as the kernel does when memory runs out."""
        from yinuo.ops import database

        pid = database._running_pid(database.layout(self.home))
        assert pid is not None
        psutil.Process(pid).kill()

    def start(self) -> None:
        from yinuo.ops import database

        database.start(self.home, say=lambda line: None)

    def stop(self) -> None:
        from yinuo.ops import database

        database.stop(self.home, say=lambda line: None)


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    from yinuo.ops import database

    root = Path(tempfile.mkdtemp(prefix="yinuo-faults-", dir="/tmp"))
    root.chmod(0o755)
    home = root / "home"
    try:
        server = database.start(home, say=lambda line: None)
        environ = {"DATABASE_URL": server.dsn_owner, "YINUO_DB_AS": "owner", "YINUO_HOME": str(root / "run")}
        subprocess.run(
            [sys.executable, "-c", "from yinuo.ops import prepare; prepare.as_owner()"],
            env={**os.environ, **environ},
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        yield OwnServer(home, server.dsn_run)
    finally:
        place = database.layout(home)
        with contextlib.suppress(database.DatabaseError):
            database.stop(home, say=lambda line: None)
        for process in database._family(place):
            process.kill()
        for folder in {root, place.data.parent, place.socket}:
            if folder != database.SPARE:
                shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_own_server(own_server: OwnServer, django_db_blocker: Any) -> Iterator[OwnServer]:
    """This process, too, works on that server."""
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    live = connections.settings["default"]
    before, parts = dict(live), conninfo_to_dict(own_server.dsn_run)
    with django_db_blocker.unblock():
        connections["default"].close()
        live.update(NAME=parts["dbname"], USER=parts["user"], HOST=parts["host"], PORT=str(parts["port"]))
        try:
            own_server.start()
            yield own_server
        finally:
            connections["default"].close()
            live.clear()
            live.update(before)
            own_server.start()  # for the next test of this file
