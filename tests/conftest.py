"""Shared fixtures: a real database for those who ask for one, a real server, a real browser.

- No fixture, no database: tests of core and packs start nothing.
- `db` (or @pytest.mark.django_db): the migrated database with the city's pack, as the role yinuo_run, inside
  a transaction that is rolled back.
- `fresh_city`: a private copy of it for one test that commits, uses threads or several connections.
- `server`: granian and the worker on a free port against a copy of their own.
- `page`, `new_page`, `axe`: Chromium.

The embedded PostgreSQL lives in var/test and is shared by runs at the same time; the template is built again
when the code or the pack changed. A running demo is not touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import pytest

ROOT = Path(__file__).resolve().parent.parent
TEST_HOME = ROOT / "var" / "test"  # the database server's; what a run writes otherwise goes to RUN_HOME
RUN_HOME = Path(tempfile.mkdtemp(prefix="yinuo-test-"))

# Before Django reads its settings: nothing here may reach a real database or a running demo.
for name in (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "YINUO_DB_AS",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "EMAIL_HOST",
):
    os.environ.pop(name, None)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "yinuo.settings",
    "YINUO_HOME": str(RUN_HOME),
    "YINUO_PLAIN_STATIC": "1",
    "LOG_LEVEL": "WARNING",
    "DEMO": "1",
    # Playwright keeps an event loop in this thread, and Django would refuse every query beside it.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}


(RUN_HOME / "static").mkdir(exist_ok=True)
# Here and not by an ini setting: pytest-django would read the settings before the lines above were run. And
# at import: the conftest of a folder below may use models, and it is read before pytest_configure is called.
django.setup()


def pytest_configure(config: pytest.Config) -> None:
    _compile_catalogues()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(RUN_HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marker = item.get_closest_marker("django_db")
        if (marker and marker.kwargs.get("transaction")) or "transactional_db" in getattr(
            item, "fixturenames", ()
        ):
            raise pytest.UsageError(
                f"{item.nodeid}: a transactional test would empty tables, which the run-time role may not; "
                "use the fixture fresh_city"
            )


def _compile_catalogues() -> None:
    for catalogue in ROOT.glob("yinuo/locale/*/LC_MESSAGES/*.po"):
        binary = catalogue.with_suffix(".mo")
        if not binary.exists() or binary.stat().st_mtime < catalogue.stat().st_mtime:
            from babel.messages.mofile import write_mo
            from babel.messages.pofile import read_po

            with open(catalogue, "rb") as source, open(binary, "wb") as target:
                write_mo(target, read_po(source))


@pytest.fixture(autouse=True)
def a_pack_rolled_back_is_forgotten() -> Iterator[None]:
    """A load that a test rolls back leaves the process asking the database for every matter, which is right
    and slow; the next test starts as a process does."""
    yield
    matters = sys.modules.get("yinuo.packs.matters")
    if matters is not None and matters._doubtful:
        matters._believe()


# --- the database ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class City:
    """One database of the test server: its name, and addresses for psycopg or DATABASE_URL."""

    name: str
    dsn_run: str
    dsn_owner: str


@dataclass(frozen=True)
class Cities:
    """The test server and its template; makes and drops copies."""

    server: Any
    template: str

    @property
    def dsn_admin(self) -> str:
        return str(self.server.dsn(role="postgres", database="postgres"))

    def copy(self, name: str) -> City:
        from yinuo.ops import database

        database.create_database(self.dsn_admin, name=name, template=self.template)
        return City(
            name,
            dsn_run=self.server.dsn(role=database.RUN, database=name),
            dsn_owner=self.server.dsn(role=database.OWNER, database=name),
        )

    def drop(self, city: City) -> None:
        from yinuo.ops import database

        database.drop_database(self.dsn_admin, name=city.name)


@pytest.fixture(scope="session")
def cities() -> Iterator[Cities]:
    """The embedded server in var/test with a template database: migrated, pack loaded."""
    from yinuo.ops import database

    TEST_HOME.mkdir(parents=True, exist_ok=True)
    with open(TEST_HOME / "users.lock", "a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server = database.start(TEST_HOME)
        found = Cities(server, template=f"city_{_digest()}")
        with open(TEST_HOME / "template.lock", "a") as builder:
            fcntl.flock(builder, fcntl.LOCK_EX)
            _drop_leftovers(found)
            _build_template(found)
        yield found
        for name in _databases(found, f"run_{os.getpid()}_%"):
            database.drop_database(found.dsn_admin, name=name)
        with contextlib.suppress(BlockingIOError):  # somebody else's run still uses the server
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in _databases(found, "city_%"):
                if name != found.template:
                    database.drop_database(found.dsn_admin, name=name)
            database.stop(TEST_HOME)


def _digest() -> str:
    """Changes with anything that the template is made of."""
    made_of = [path for path in (ROOT / "yinuo").rglob("*") if path.suffix in (".py", ".sql", ".json")]
    made_of = [path for path in made_of if "faces" not in path.relative_to(ROOT).parts]
    made_of += [path for path in (ROOT / "packs").rglob("*") if path.is_file()]
    total = hashlib.sha256()
    for path in sorted(made_of):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _databases(cities: Cities, like: str) -> list[str]:
    import psycopg

    with psycopg.connect(cities.dsn_admin) as connection:
        rows = connection.execute("select datname from pg_database where datname like %s", [like]).fetchall()
    return [str(row[0]) for row in rows]


def _drop_leftovers(cities: Cities) -> None:
    """Databases of runs that were killed, and a template whose making was."""
    import psutil

    from yinuo.ops import database

    for name in _databases(cities, "run_%"):
        if not psutil.pid_exists(int(name.split("_")[1])):
            database.drop_database(cities.dsn_admin, name=name)
    database.drop_database(cities.dsn_admin, name=f"new_{cities.template}")


def _build_template(cities: Cities) -> None:
    import psycopg

    from yinuo.ops import database

    if _databases(cities, cities.template):
        return
    new = f"new_{cities.template}"
    database.create_database(cities.dsn_admin, name=new)
    _prepare(
        "as_owner()", DATABASE_URL=cities.server.dsn(role=database.OWNER, database=new), YINUO_DB_AS="owner"
    )
    with psycopg.connect(cities.dsn_admin, autocommit=True) as connection:
        connection.execute(f"alter database {new} rename to {cities.template}")


def _prepare(call: str, **environ: str) -> str:
    """Runs a part of yinuo.ops.prepare in a process of its own, as `yinuo run` does."""
    script = f"from yinuo.ops import prepare; prepare.{call}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.fail(f"prepare.{call} failed:\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def _use(city: City) -> dict[str, Any]:
    """Points Django at `city` as the run-time role, in every thread; returns what stood there before."""
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    # One dictionary is shared by settings.DATABASES and the wrappers of all threads: change it in place.
    live = connections.settings["default"]
    before = dict(live)
    parts = conninfo_to_dict(city.dsn_run)
    connections["default"].close()
    live.update(NAME=parts["dbname"], USER=parts["user"], HOST=parts["host"], PORT=str(parts["port"]))
    return before


@pytest.fixture(scope="session")
def django_db_setup(cities: Cities, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's database, as ours: a copy of the template for the tests that roll back."""
    city = cities.copy(f"run_{os.getpid()}_shared")
    _use(city)
    yield
    with django_db_blocker.unblock():
        from django.db import connections

        connections.close_all()
    cities.drop(city)


@pytest.fixture
def fresh_city(
    request: pytest.FixtureRequest, cities: Cities, django_db_setup: None, django_db_blocker: Any
) -> Iterator[City]:
    """A private copy of the city for one test; what it commits is dropped with it. Not together with `db`."""
    from django.db import connections

    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        pytest.fail("fresh_city gives a database of its own: leave out `db` and @pytest.mark.django_db")
    city = cities.copy(f"run_{os.getpid()}_{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}")
    with django_db_blocker.unblock():
        before = _use(city)
        try:
            yield city
        finally:
            connections["default"].close()
            connections.settings["default"].update(before)
            cities.drop(city)


# --- a real server -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """A running platform: its address without a slash at the end, its database, its demo passwords."""

    url: str
    city: City
    passwords: dict[str, str]
    log: Path


@pytest.fixture(scope="session")
def server(cities: Cities, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """granian and the worker on a free port with demo people, against a copy of the city of their own."""
    import json

    from yinuo.ops import run

    home = tmp_path_factory.mktemp("site")
    city = cities.copy(f"run_{os.getpid()}_site")
    environ = {"DATABASE_URL": city.dsn_run, "YINUO_HOME": str(home), "YINUO_PLAIN_STATIC": "0"}
    rows = json.loads(_prepare("as_platform(demo=True)", **environ))
    port = _free_port()
    children = run.children_for(host="127.0.0.1", port=port, workers=1, environ=environ)
    log = home / "site.log"
    with open(log, "ab") as output:
        for child in children:
            child.output = output
            child.start()
    try:
        if not run.await_answer(children[0], "127.0.0.1", port):
            pytest.fail(f"the server did not start:\n{log.read_text()[-4000:]}", pytrace=False)
        passwords = {str(row[0]): str(row[1]) for row in rows}
        yield Site(f"http://127.0.0.1:{port}", city, passwords, log)
    finally:
        for child in reversed(children):
            child.stop()
        cities.drop(city)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- a real browser ----------------------------------------------------------------------------------------

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
AXE = ROOT / "tests" / "journeys" / "vendor" / "axe.min.js"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, or the one that Playwright installed."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes pages, each with cookies of its own: `new_page()`, or with Playwright's context options, such as
    `new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)`.

    The test fails at its end on any script error, console error, blocked resource or answer of 500 and above
    on any of them. An answer below 500 (a refused form, a missing page) is the test's own business.
    """
    base = request.getfixturevalue("server").url if "server" in request.fixturenames else None
    contexts: list[Any] = []
    problems: list[str] = []

    def make(**options: Any) -> Any:
        usual = {
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            "viewport": {"width": 1280, "height": 800},
        }
        context = browser.new_context(**{**usual, "base_url": base, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        context.on("page", lambda opened: watch(opened, problems))
        watch(page, problems)
        return page

    yield make
    for context in contexts:
        context.close()
    if problems:
        pytest.fail("the browser complained:\n" + "\n".join(problems), pytrace=False)


def watch(page: Any, problems: list[str]) -> None:
    """Collects what a person with the developer tools open would see in red."""

    def on_console(message: Any) -> None:
        # A 4xx answer is repeated on the console; the response itself is judged below.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            problems.append(f"{page.url}: console: {message.text}")

    def on_response(response: Any) -> None:
        missing = response.status == 404 and response.request.resource_type != "document"
        if response.status >= 500 or missing:
            problems.append(f"{page.url}: {response.status} from {response.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: script error: {error}"))
    page.on("response", on_response)


@pytest.fixture(name="watch")
def watch_fixture() -> Callable[[Any, list[str]], None]:
    """For a test that opens pages by itself."""
    return watch


@pytest.fixture
def page(server: Site, new_page: Callable[..., Any]) -> Any:
    """One page of the running site; `page.goto("/")` is its home."""
    return new_page()


@pytest.fixture
def axe() -> Callable[..., None]:
    """`axe(page)` fails on any violation of WCAG 2.0 to 2.2, levels A and AA, and names the elements."""

    def check(page: Any, *, leave_out: tuple[str, ...] = ()) -> None:
        # evaluate() goes past the page's own policy, which rightly forbids added scripts.
        page.evaluate(AXE.read_text() + "; undefined")
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = page.evaluate(
            "options => axe.run(document, options)",
            {"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]},
        )
        lines = [
            f"{violation['id']} ({violation['impact']}): {node['html'][:200]}"
            for violation in found["violations"]
            if violation["id"] not in leave_out
            for node in violation["nodes"]
        ]
        assert not lines, f"{page.url} is not accessible:\n" + "\n".join(lines)

    return check
