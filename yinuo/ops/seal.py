"""`yinuo seal`: seal now what changed since the last seal, and print the seal for publication."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print every seal as JSON, to publish or to keep")


def run(args: argparse.Namespace) -> int:
    import django

    django.setup()
    from yinuo.ledger.receipts import published_seals
    from yinuo.work.seal import seal_now

    made = seal_now(now=datetime.now(UTC))
    if args.json:
        print(json.dumps({"seals": published_seals()}, ensure_ascii=False))
    elif made is None:
        print("nothing has changed since the last seal")
    else:
        print(f"seal {made.number}: {made.leaves} cases, root {bytes(made.root).hex()}")
        print(f"digest {bytes(made.digest).hex()} (publish this line)")
    return 0
