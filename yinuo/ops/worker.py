"""`yinuo work`: one loop for everything that time owes: timed moves, notices, the nightly seal."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from datetime import UTC, datetime
from types import FrameType

log = logging.getLogger("yinuo.worker")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two rounds (default 2)")
    parser.add_argument("--once", action="store_true", help="one round, then stop")


def run(args: argparse.Namespace) -> int:
    """Loop until told to stop. A round that fails is logged and tried again; the database may come back."""
    import django

    django.setup()
    from django.db import close_old_connections

    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    while True:
        try:
            round_(now=datetime.now(UTC))
        except Exception:
            log.exception("this round failed; the next one tries again")
            if args.once:
                return 1
        close_old_connections()
        if args.once or stop.wait(args.every):
            return 0


def round_(*, now: datetime) -> None:
    """One round: move what is due, tell what is owed, seal when the night has passed."""
    from yinuo.work.seal import seal_when_due
    from yinuo.work.tell import tell
    from yinuo.work.tick import tick

    tick(now=now)
    tell(now=now)
    seal_when_due(now=now)
