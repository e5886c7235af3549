"""`yinuo verify`: is the record true? Names every entry, case and seal that was touched (exit code 1)."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--case", metavar="NUMBER", help="check one case only, by its number")
    parser.add_argument(
        "--files", action="store_true", help="read every evidence file and compare its digest"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    import django

    django.setup()
    from yinuo.ledger.models import Case, Evidence
    from yinuo.ledger.verify import verify

    case = None
    if args.case:
        case = Case.objects.filter(number=args.case.strip().upper()).values_list("pk", flat=True).first()
        if case is None:
            print(f"yinuo verify: there is no case {args.case!r}; give a number such as JC261123-000017-6")
            return 2
    started = time.monotonic()
    report = verify(case=case)
    faults = [str(fault) for fault in report.faults]
    if args.files:
        from yinuo.ledger.evidence import intact

        for digest in Evidence.objects.values_list("digest", flat=True).iterator():
            if not intact(digest):
                faults.append(f"evidence {digest}: the file is missing or changed")
    if args.json:
        print(json.dumps({**asdict(report), "faults": faults}, ensure_ascii=False))
        return 1 if faults else 0
    for fault in faults:
        print(f"WRONG {fault}")
    took = time.monotonic() - started
    counted = (
        f"{report.cases} cases, {report.entries} entries, {report.contents} contents, {report.seals} seals"
    )
    verdict = f"{len(faults)} faults" if faults else "everything holds 全部属实"
    print(f"{counted} checked in {took:.1f} s: {verdict}")
    return 1 if faults else 0
