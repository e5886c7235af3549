"""`yinuo pack check|load|coverage`: a city's folder, checked, put into the database, or measured."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from yinuo.packs import check, examples
from yinuo.packs.load import Pack, read
from yinuo.packs.source import Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["check", "load", "coverage"])
    parser.add_argument("--pack", type=Path, default=None, help="the city's folder (default: YINUO_PACK)")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="language of what is said")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--matter", default="", help="check: only what concerns this matter, such as approvals/shop_sign")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a checked or loaded pack has problems."""
    folder = args.pack or default_folder()
    return {"check": _check}[args.what](folder, args)


def default_folder() -> Path:
    named = os.environ.get("YINUO_PACK")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "packs" / "jincheng"


def _check(folder: Path, args: argparse.Namespace) -> int:
    pack = read(folder)
    results = examples.run_all(pack)
    found = [*check.check(pack), *(each for result in results for each in result.differences)]
    if args.matter:
        found = [problem for problem in found if f"matters/{args.matter}/" in problem.file.as_posix()]
        results = [result for result in results if result.matter == args.matter]
    passed = sum(result.passed for result in results)
    _say(found, args)
    if not args.json:
        print(
            f"{len(pack.matters)} 个事项，举例 {passed}/{len(results)} 通过，问题 {len(found)} 个"
            if args.lang == "zh"
            else f"{len(pack.matters)} matters, {passed} of {len(results)} examples pass, {len(found)} problems"
        )
    return 1 if found else 0


def _say(problems: list[Problem], args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps([problem.as_json() for problem in problems], ensure_ascii=False, indent=2))
        return
    for problem in problems:
        print(problem.text(args.lang))


if __name__ == "__main__":
    from yinuo.ops.cli import main

    sys.exit(main(["pack", *sys.argv[1:]]))
