"""A wire to PostgreSQL that can be cut after the server has committed and before its answer arrives."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class Wire:
    """Listens on a socket of its own and passes everything on, until `cut_after` is set.

    cut_after: a text of the statement whose answer shall be lost. It is cut once.
    """

    def __init__(self, folder: Path, server: Path, port: int) -> None:
        self.server = str(server / f".s.PGSQL.{port}")
        self.folder, self.port = folder, port
        self.cut_after = b""
        self.cuts = 0
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(folder / f".s.PGSQL.{port}"))
        self.listening.listen(20)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.listening.close()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self.listening.accept()
            except OSError:
                return
            there = socket.socket(socket.AF_UNIX)
            there.connect(self.server)
            seen = threading.Event()  # the statement has gone by
            for source, target, answers in ((here, there, False), (there, here, True)):
                threading.Thread(target=self._pass, args=(source, target, answers, seen), daemon=True).start()

    def _pass(
        self, source: socket.socket, target: socket.socket, answers: bool, seen: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if not answers and self.cut_after and self.cut_after in chunk:
                    seen.set()
                # CommandComplete and ReadyForQuery come together, when the commit is durable.
                if answers and seen.is_set() and b"SELECT 1\0" in chunk:
                    self.cut_after, self.cuts = b"", self.cuts + 1
                    break
                target.sendall(chunk)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
