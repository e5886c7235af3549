"""`yinuo pack check|load|coverage`: a city's folder, checked, put into the database, or measured."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yinuo.packs import check, examples
from yinuo.packs.examples import Result
from yinuo.packs.load import Pack, read
from yinuo.packs.source import Problem

TIERS = {"core": "首批必做", "support": "次批", "minor": "仅点名"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["check", "load", "coverage"])
    parser.add_argument("--pack", type=Path, default=None, help="the city's folder (default: YINUO_PACK)")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="language of what is said")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--matter", default="", help="check: this matter alone, such as approvals/shop_sign")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a pack that is checked or loaded has problems; coverage always gives 0."""
    folder = args.pack or default_folder()
    return {"check": _check, "load": _load, "coverage": _coverage}[args.what](folder, args)


def default_folder() -> Path:
    """The folder YINUO_PACK names, else the city that comes with this code."""
    named = os.environ.get("YINUO_PACK")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "packs" / "jincheng"


# -- check -------------------------------------------------------------------------------------------


def judged(pack: Pack) -> tuple[list[Problem], list[Result]]:
    """Everything wrong with `pack`, differences of its examples included, and how each example went."""
    results = examples.run_all(pack)
    found = check.check(pack)
    wrong = {problem.file.parent for problem in found}
    for result in results:
        # An example that a broken matter stopped adds nothing to what the check has said about that matter.
        said = result.broken and any(each.file.parent in wrong for each in result.differences)
        found += () if said else result.differences
    return found, results


def _check(folder: Path, args: argparse.Namespace) -> int:
    pack = read(folder)
    found, results = judged(pack)
    if args.matter:
        found = [problem for problem in found if f"/matters/{args.matter}/" in problem.file.as_posix()]
        results = [result for result in results if result.matter == args.matter]
    passed = sum(result.passed for result in results)
    if args.json:
        _print(
            {
                "problems": [problem.as_json() for problem in found],
                "matters": [matter.id for matter in pack.matters],
                "examples": [_example(result) for result in results],
            }
        )
    else:
        _say(found, lang=args.lang)
        counts = {"matters": len(pack.matters), "passed": passed, "all": len(results), "problems": len(found)}
        print(_CHECKED[args.lang].format(**counts))
    return 1 if found else 0


_CHECKED = {
    "zh": "{matters} 个事项，举例 {passed}/{all} 通过，问题 {problems} 个",
    "en": "{matters} matters, {passed} of {all} examples pass, {problems} problems",
}


def _example(result: Result) -> dict[str, Any]:
    return {"matter": result.matter, "name": result.name, "line": result.line, "passed": result.passed}


def _say(problems: Iterable[Problem], *, lang: str) -> None:
    for problem in problems:
        print(problem.text(lang))


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


# -- load --------------------------------------------------------------------------------------------


class Unfit(ValueError):
    """A pack with problems, which is not loaded: nothing was changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(problem.text("en") for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Summary:
    """What a load changed. Empty tuples and no counts for a pack that was in force already."""

    pack: str
    version: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    years: tuple[int, ...]
    registers: dict[str, int]


def load_into_database(folder: Path) -> Summary:
    """Checks the pack in `folder`, then puts it into the database in one transaction: all of it or nothing.

    Safe to repeat. Raises Unfit with every problem. Django must be set up.
    """
    from django.db import transaction

    from yinuo.packs import store
    from yinuo.registers import load as registers

    pack = read(folder)
    problems, _ = judged(pack)
    if problems:
        raise Unfit(problems)
    datum = (pack.city.get("map") or {}).get("datum") or {}
    with transaction.atomic():
        changes = store.put(pack)
        counts = registers.put(
            units=pack.units,
            roles=pack.roles,
            places=pack.places,
            geometries=pack.geometries,
            registers=pack.registers,
            datum=datum.get("stated") or datum.get("likely") or "",
        )
    return Summary(
        pack=pack.id,
        version=pack.version,
        new=changes.new,
        changed=changes.changed,
        withdrawn=changes.withdrawn,
        years=changes.years,
        registers=counts,
    )


def _load(folder: Path, args: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yinuo.settings")
    import django

    django.setup()
    try:
        done = load_into_database(folder)
    except Unfit as unfit:
        if args.json:
            _print({"problems": [problem.as_json() for problem in unfit.problems]})
        else:
            _say(unfit.problems, lang=args.lang)
            print(_REFUSED[args.lang].format(count=len(unfit.problems)), file=sys.stderr)
        return 1
    if args.json:
        _print({name: getattr(done, name) for name in Summary.__slots__})
        return 0
    print(_LOADED[args.lang].format(done=done, new=len(done.new), changed=len(done.changed)))
    for title, ids in zip(_LISTS[args.lang], (done.new, done.changed, done.withdrawn)):
        if ids:
            print(f"  {title}: {', '.join(ids)}")
    return 0


_REFUSED = {
    "zh": "城市包有 {count} 个问题，没有载入，数据库未变",
    "en": "the pack has {count} problems; nothing was loaded or changed",
}
_LOADED = {
    "zh": "已载入 {done.pack} {done.version}：新事项 {new} 个，改动 {changed} 个",
    "en": "loaded {done.pack} {done.version}: {new} new matters, {changed} changed",
}
_LISTS = {"zh": ("新增", "新版本", "不再受理"), "en": ("new", "new version", "no longer offered")}


# -- coverage ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Carried:
    """A mechanism of the journal, and what in this pack carries it.

    examples: (matter, example, passed) of every matter that names the mechanism.
    """

    id: str
    name: str
    system: str
    tier: str
    matters: tuple[str, ...]
    registers: tuple[str, ...]
    examples: tuple[tuple[str, str, bool], ...]

    @property
    def proven(self) -> bool:
        """True when an example that runs through it passes, and none fails."""
        return bool(self.examples) and all(passed for _, _, passed in self.examples)


def coverage(pack: Pack) -> list[Carried]:
    """Every mechanism in the journal's order, with what carries it and how its examples went just now."""
    results = examples.run_all(pack)
    found = []
    for mechanism in pack.mechanisms:
        matters = tuple(matter.id for matter in pack.matters if mechanism["id"] in matter.mechanisms)
        found.append(
            Carried(
                id=mechanism["id"],
                name=mechanism["name"],
                system=mechanism["system"],
                tier=mechanism["tier"],
                matters=matters,
                registers=tuple(
                    register["id"]
                    for register in pack.registers
                    if mechanism["id"] in (register.get("mechanisms") or ())
                ),
                examples=tuple(
                    (result.matter, result.name, result.passed)
                    for result in results
                    if result.matter in matters
                ),
            )
        )
    return found


def _coverage(folder: Path, args: argparse.Namespace) -> int:
    pack = read(folder)
    found = coverage(pack)
    if args.json:
        _print(
            [
                {**{name: getattr(each, name) for name in Carried.__slots__}, "proven": each.proven}
                for each in found
            ]
        )
        return 0
    for each in found:
        if each.matters or each.registers:
            print(_line(each, lang=args.lang))
    systems = {system["id"]: system["name" if args.lang == "zh" else "name_en"] for system in pack.systems}
    print()
    for title, key, names in (
        ({"zh": "按系统", "en": "by system"}, "system", systems),
        (
            {"zh": "按层级", "en": "by tier"},
            "tier",
            TIERS if args.lang == "zh" else {tier: tier for tier in TIERS},
        ),
    ):
        print(title[args.lang])
        for id_, name in names.items():
            group = [each for each in found if getattr(each, key) == id_]
            print(f"  {sum(each.proven for each in group):>3} / {len(group):<3} {name}")
    proven = sum(each.proven for each in found)
    named = sum(bool(each.matters or each.registers) for each in found)
    print(_TOTAL[args.lang].format(proven=proven, named=named, all=len(found)))
    return 0


def _line(each: Carried, *, lang: str) -> str:
    passed = sum(passed for _, _, passed in each.examples)
    carriers = ", ".join([*each.matters, *each.registers])
    said = "举例" if lang == "zh" else "examples"
    mark = "✓" if each.proven else "·"
    return f"{mark} {each.id} {each.name}: {carriers}（{said} {passed}/{len(each.examples)}）"


_TOTAL = {
    "zh": "{all} 个机制：{proven} 个由通过的举例证明，{named} 个有事项或台账承担，其余尚无",
    "en": "{all} mechanisms: {proven} proven by examples that pass, {named} carried by a matter or register",
}


if __name__ == "__main__":
    from yinuo.ops.cli import main

    sys.exit(main(["pack", *sys.argv[1:]]))
