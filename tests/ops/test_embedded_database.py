"""The embedded PostgreSQL, started, shared and killed for real."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from yinuo.ops import database

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def make_home() -> Iterator[Callable[..., Path]]:
    """Homes that any user may enter; pytest's own tmp_path is closed to the database's system user."""
    made: list[tuple[Path, Path]] = []

    def make(*parts: str) -> Path:
        root = Path(tempfile.mkdtemp(prefix="yinuo-db-", dir="/tmp"))
        root.chmod(0o755)
        home = root.joinpath(*parts) if parts else root / "home"
        made.append((root, home))
        return home

    yield make
    for root, home in made:
        place = database.layout(home)
        with contextlib.suppress(database.DatabaseError):
            database.stop(home)
        for process in database._family(place):
            process.kill()
        for folder in {root, place.data.parent, place.socket}:
            if folder != database.SPARE:
                shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def made_before() -> Iterator[Path]:
    """A home whose server was started and stopped once: making a data folder anew takes a second."""
    root = Path(tempfile.mkdtemp(prefix="yinuo-db-", dir="/tmp"))
    root.chmod(0o755)
    database.start(root / "home")
    database.stop(root / "home")
    yield root / "home"
    shutil.rmtree(root)


@pytest.fixture
def home(make_home: Callable[..., Path], made_before: Path) -> Path:
    """A home with a stopped, empty database."""
    home = make_home()
    subprocess.run(["cp", "-a", made_before, home], check=True)
    return home


@pytest.fixture
def new_home(make_home: Callable[..., Path]) -> Path:
    """A home that is not there yet."""
    return make_home()


def remember(server: database.Server, word: str) -> None:
    """Commits one word, through the owner, and returns only when it is durable."""
    with psycopg.connect(server.dsn_owner) as connection:
        connection.execute("create table if not exists kept (word text)")
        connection.execute("insert into kept values (%s)", [word])


def remembered(server: database.Server) -> list[str]:
    with psycopg.connect(server.dsn_owner) as connection:
        return [row[0] for row in connection.execute("select word from kept order by word").fetchall()]


# --- a new machine -----------------------------------------------------------------------------------------


def test_a_new_folder_becomes_a_database_with_two_roles(new_home: Path) -> None:
    server = database.start(new_home)
    assert server.started
    for address, name in ((server.dsn_owner, "yinuo_owner"), (server.dsn_run, "yinuo_run")):
        with psycopg.connect(address) as connection:
            row = connection.execute("select current_user, current_database()").fetchone()
            assert row == (name, "yinuo")
    assert database.status(new_home).running


def test_the_run_time_role_makes_no_tables_and_empties_none(home: Path) -> None:
    server = database.start(home)
    with psycopg.connect(server.dsn_owner, autocommit=True) as connection:
        database.grant_defaults(connection)
        connection.execute("create table things (id int)")
    with psycopg.connect(server.dsn_run, autocommit=True) as connection:
        connection.execute("insert into things values (1)")
        for forbidden in ("create table mine (id int)", "truncate things", "drop table things"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)


def test_a_commit_that_was_answered_is_on_the_disk(home: Path) -> None:
    server = database.start(home)
    with psycopg.connect(server.dsn_run) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert connection.execute("select current_setting(%s)", [name]).fetchone() == ("on",), name


def test_nobody_reaches_it_over_the_network_or_as_another_user(home: Path) -> None:
    server = database.start(home)
    family = {process.pid for process in database._family(database.layout(home))}
    listening = [found for found in psutil.net_connections("tcp") if found.pid in family]
    assert listening == []
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.socket / ".s.PGSQL.5432").stat().st_mode) & 0o077 == 0


def test_chinese_sorts_and_counts_the_same_on_every_machine(home: Path) -> None:
    server = database.start(home)
    with psycopg.connect(server.dsn_run) as connection:
        row = connection.execute(
            "select length('一诺千金'), upper('é'), current_setting('timezone')"
        ).fetchone()
    assert row == (4, "É", "UTC")


# --- sharing -----------------------------------------------------------------------------------------------


def test_a_second_start_finds_the_first_server(home: Path) -> None:
    first = database.start(home)
    second = database.start(home)
    assert (second.pid, second.started) == (first.pid, False)


def test_four_processes_starting_at_once_share_one_server(new_home: Path) -> None:
    script = "from yinuo.ops import database; s = database.start(); print(s.pid, s.started)"
    env = {**os.environ, "YINUO_HOME": str(new_home)}
    starts = [
        subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [start.communicate(timeout=60)[0].split() for start in starts]
    assert len({pid for pid, _ in answers}) == 1
    assert sorted(started for _, started in answers) == ["False", "False", "False", "True"]


def test_stopping_keeps_the_data_and_may_be_said_twice(home: Path) -> None:
    remember(database.start(home), "kept")
    assert database.stop(home) is True
    assert database.stop(home) is False
    assert not database.status(home).running
    assert remembered(database.start(home)) == ["kept"]


def test_a_short_command_does_not_stop_a_server_that_others_use(home: Path) -> None:
    server = database.start(home)
    with psycopg.connect(server.dsn_run):
        assert database.stop(home, unless_used=True) is False
    assert database.status(home).running
    assert database.stop(home, unless_used=True) is True


# --- kill -9 -----------------------------------------------------------------------------------------------


def test_after_each_kill_of_the_postmaster_the_next_start_has_everything(home: Path) -> None:
    server = database.start(home)
    for round_ in range(5):
        remember(server, f"round {round_}")
        os.kill(server.pid, signal.SIGKILL)
        server = database.start(home)
        assert server.started
        assert remembered(server) == [f"round {number}" for number in range(round_ + 1)]


def test_after_everything_is_killed_the_next_start_has_everything(home: Path) -> None:
    server = database.start(home)
    for round_ in range(3):
        remember(server, f"round {round_}")
        for process in database._family(database.layout(home)):
            process.kill()
        server = database.start(home)
        assert remembered(server) == [f"round {number}" for number in range(round_ + 1)]


def test_a_busy_child_of_a_killed_server_is_waited_for_and_told_of(home: Path) -> None:
    server = database.start(home)
    remember(server, "kept")
    busy = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import psycopg; psycopg.connect({server.dsn_run!r}).execute('select count(*) from "
            "generate_series(1, 10000000000)')",
        ],
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    with psycopg.connect(server.dsn(role="postgres", database="postgres"), autocommit=True) as connection:
        query = "select count(*) from pg_stat_activity where query like 'select count(*) from generate%'"
        while connection.execute(query).fetchone() == (0,):
            assert time.monotonic() < deadline, "the long query never began"
            time.sleep(0.05)
    told: list[str] = []
    os.kill(server.pid, signal.SIGKILL)
    server = database.start(home, say=told.append)
    busy.wait(timeout=20)
    assert remembered(server) == ["kept"]
    assert any("waiting for" in line for line in told), told
    assert any("pid file" in line for line in told), told


def test_a_dead_postmaster_that_nobody_reaps_does_not_block_the_next_start(home: Path) -> None:
    """A zombie still answers signals, and PostgreSQL takes it for a living owner of the folder."""
    server = database.start(home)
    remember(server, "kept")
    database.stop(home)
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    place = database.layout(home)
    stale = place.data / "postmaster.pid"
    stale.write_text(
        f"{zombie.pid}\n{place.data}\n{int(time.time())}\n5432\n{place.socket}\n\n  1  2\nready   \n"
    )
    os.chown(stale, place.uid, place.gid)
    assert remembered(database.start(home)) == ["kept"]
    zombie.wait()


@pytest.mark.parametrize("content", ["", "{own}\n/elsewhere\n0\n5432\n/elsewhere\n\n1 2\nready\n"])
def test_a_pid_file_cut_short_or_naming_a_stranger_is_cleared(home: Path, content: str) -> None:
    remember(database.start(home), "kept")
    database.stop(home)
    stale = database.layout(home).data / "postmaster.pid"
    stale.write_text(content.replace("{own}", str(os.getpid())))
    assert remembered(database.start(home)) == ["kept"]


def test_a_start_that_was_killed_while_making_the_folder_leaves_nothing_in_the_way(home: Path) -> None:
    database.start(home)
    database.stop(home)
    place = database.layout(home)
    place.data.rename(place.data.with_name("pg.new-1"))
    (place.data.with_name("pg.new-1") / "PG_VERSION").unlink()
    assert database.start(home).started
    assert not list(place.data.parent.glob("pg.new-*"))


# --- where it lives ----------------------------------------------------------------------------------------


def test_a_long_path_gets_a_short_socket(make_home: Callable[..., Path]) -> None:
    home = make_home(*["a-folder-with-a-long-name"] * 6, "home")
    server = database.start(home)
    assert len(os.fsencode(server.socket / ".s.PGSQL.5432.lock")) <= database.SOCKET_PATH_LIMIT
    remember(server, "kept")


def test_a_path_with_chinese_commas_and_quotes_works(make_home: Callable[..., Path]) -> None:
    server = database.start(make_home('晋城, the city\'s "own"', "home"))
    remember(server, "kept")
    assert remembered(server) == ["kept"]


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
def test_an_ordinary_user_runs_it_as_himself(make_home: Callable[..., Path]) -> None:
    home = make_home()
    home.parent.chmod(0o777)
    if not database._reachable(database.programs(), uid=65534, gid=65534):
        pytest.skip("this checkout lies where other users may not look")
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            server = database.start(home)
            remember(server, "kept")
            os.kill(server.pid, signal.SIGKILL)
            server = database.start(home)
            owner = server.data.stat().st_uid
            code = 0 if remembered(server) == ["kept"] and owner == 65534 and database.stop(home) else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    # And root, coming later, runs it as that user: the folder does not change hands.
    server = database.start(home)
    assert psutil.Process(server.pid).uids().real == 65534
    assert remembered(server) == ["kept"]


@pytest.mark.skipif(not AS_ROOT, reason="root never runs PostgreSQL itself")
def test_root_never_runs_postgresql_itself_and_opens_no_folder_for_it(
    make_home: Callable[..., Path],
) -> None:
    home = make_home("closed", "home")
    home.parent.mkdir()
    home.parent.chmod(0o700)
    server = database.start(home)
    assert psutil.Process(server.pid).uids().real != 0
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700
    assert (home / "pg").resolve() == server.data
    remember(server, "kept")
    database.stop(home)
    assert remembered(database.start(home)) == ["kept"]


# --- refusals ----------------------------------------------------------------------------------------------


def test_a_data_folder_of_another_version_is_refused_by_name(home: Path) -> None:
    database.start(home)
    database.stop(home)
    (database.layout(home).data / "PG_VERSION").write_text("16\n")
    with pytest.raises(database.DatabaseError, match=r"made by PostgreSQL 16, and this is PostgreSQL 18"):
        database.start(home)


def test_a_folder_with_other_things_in_it_is_left_alone(new_home: Path) -> None:
    (new_home / "pg").mkdir(parents=True)
    (new_home / "pg" / "thesis.txt").write_text("mine")
    with pytest.raises(database.DatabaseError, match="not empty and not a PostgreSQL data folder"):
        database.start(new_home)
    assert (new_home / "pg" / "thesis.txt").read_text() == "mine"


def test_a_full_disk_is_said_before_anything_is_made(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 5 * 2**20, 5 * 2**20)  # type: ignore[attr-defined]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(database.DatabaseError, match=r"has 5 MB free; PostgreSQL needs at least 100 MB"):
        database.start(new_home)
    assert not (new_home / "pg").exists()


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('FATAL:  could not write lock file "postmaster.pid": No space left on device', "disk is full"),
        ("FATAL:  could not create any Unix-domain sockets", "Another program holds the socket"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "no memory left"),
        ("PANIC:  could not locate a valid checkpoint record at 0/1", "restore a backup"),
        ('FATAL:  data directory "/x" has invalid permissions', "mode 0700"),
    ],
)
def test_what_postgresql_says_comes_with_a_remedy(home: Path, said: str, remedy: str) -> None:
    error = database._explain(database.layout(home), f"LOG: starting\n{said}\n", what="it did not start")
    assert said in str(error) and remedy in str(error)


def test_somebody_elses_folder_in_the_sockets_place_is_refused(new_home: Path) -> None:
    new_home.mkdir()
    elsewhere = new_home / "elsewhere"
    elsewhere.mkdir()
    (new_home / "socket").symlink_to(elsewhere)
    with pytest.raises(database.DatabaseError, match="is not a folder of"):
        database.start(new_home)


def test_a_socket_path_at_the_limit_is_still_a_socket() -> None:
    """The limit is what this kernel really takes, not what a page says."""
    folder = tempfile.mkdtemp(dir="/tmp")
    name = os.path.join(folder, "x" * (database.SOCKET_PATH_LIMIT - len(folder) - 1))
    with socket.socket(socket.AF_UNIX) as fits:
        fits.bind(name)
    with socket.socket(socket.AF_UNIX) as too_long, pytest.raises(OSError, match="too long"):
        too_long.bind(name + "xx")
    shutil.rmtree(folder)
