#!/usr/bin/env python3
"""Check a Yinuo receipt, offline, with Python's standard library only.

    python3 receipt_check.py receipt.json [seals.json]

receipt.json is what the platform gave you. seals.json is a list of published seals that you (or a newspaper,
or a neighbour) kept from an earlier day: with it, the city itself cannot have rewritten your record since.
Exit code 0: everything holds. 1: something does not, and the line says what. 2: the file is not a receipt.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any


def sha(*lines: str) -> str:
    """SHA-256 of the lines, joined by newlines, as hex."""
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def check(receipt: dict[str, Any], seals: list[dict[str, Any]] | None = None) -> tuple[list[str], list[str]]:
    """Return (findings, faults), two lists of sentences."""
    found: list[str] = []
    number = receipt["number"]
    faults = check_entries(number, receipt["entries"])
    if receipt["alg"] != "sha256":
        faults.append(f"the digest {receipt['alg']!r} is not known here; sha256 is")
    if receipt["entries"] and named_matter(receipt["entries"][0]) != receipt["matter"]:
        faults.append(f"the case was not opened as {receipt['matter']}")
    found.append(f"{len(receipt['entries'])} entries of case {number}, each chained to the one before")
    seal = receipt["seal"]
    if seal is None:
        found.append("not sealed yet: ask for the receipt again after the next seal")
        return found, faults
    faults += check_seal(receipt, seal)
    found.append(f"under seal {seal['number']} of {seal['at']}")
    if seals is not None:
        kept = {each["number"]: each for each in seals}.get(seal["number"])
        if kept is None:
            faults.append(f"seal {seal['number']} is not among the seals you kept")
        elif kept["digest"] != seal["digest"]:
            faults.append(f"seal {seal['number']} is not the one you kept: the record was rewritten")
        else:
            found.append(f"seal {seal['number']} is the one you kept")
        faults += check_chain(seals)
    return found, faults


def check_entries(number: str, entries: list[dict[str, Any]]) -> list[str]:
    """Faults of the chain of entries of case `number`."""
    faults: list[str] = []
    prev = "00" * 32
    for place, entry in enumerate(entries, start=1):
        own = sha(
            "yinuo-entry/1",
            number,
            str(entry["seq"]),
            entry["kind"],
            entry["move"],
            entry["at"],
            entry["by"],
            entry["prev"],
            entry["body"],
        )
        if entry["seq"] != place:
            faults.append(f"entry {place} is missing")
        if entry["prev"] != prev:
            faults.append(f"entry {entry['seq']} does not follow the entry before it")
        if own != entry["digest"]:
            faults.append(f"entry {entry['seq']} was changed: its content does not match its digest")
        prev = entry["digest"]
    if not entries:
        faults.append("the receipt has no entries")
    return faults


def named_matter(entry: dict[str, Any]) -> str:
    """The matter and version that the opening entry names, as the receipt writes them: "approvals/sign@3"."""
    try:
        state = json.loads(entry["body"])["state"]
        return f"{state['matter']}@{state['version']}"
    except (ValueError, KeyError, TypeError):
        return ""


def check_seal(receipt: dict[str, Any], seal: dict[str, Any]) -> list[str]:
    """Faults of the way from the receipt's entries to its seal."""
    faults: list[str] = []
    last = receipt["entries"][seal["seq"] - 1] if 0 < seal["seq"] <= len(receipt["entries"]) else None
    if last is None:
        return [f"the seal covers entry {seal['seq']}, which the receipt does not show"]
    leaf = f"{receipt['number']}\n{seal['seq']}\n{last['digest']}".encode()
    here = hashlib.sha256(b"\x00" + leaf).digest()
    for side, other in seal["path"]:
        if side not in ("left", "right") or bytes.fromhex(other).hex() != other:
            return [f"the way to seal {seal['number']} is written wrongly"]
        pair = bytes.fromhex(other) + here if side == "left" else here + bytes.fromhex(other)
        here = hashlib.sha256(b"\x01" + pair).digest()
    if here.hex() != seal["root"]:
        faults.append(f"the entries do not lie under seal {seal['number']}")
    if seal_digest(seal) != seal["digest"]:
        faults.append(f"seal {seal['number']} was changed: its content does not match its digest")
    return faults


def seal_digest(seal: dict[str, Any]) -> str:
    """What the digest of `seal` must be, as hex."""
    return sha(
        "yinuo-seal/1", str(seal["number"]), seal["at"], seal["root"], str(seal["leaves"]), seal["prev"]
    )


def check_chain(seals: list[dict[str, Any]]) -> list[str]:
    """Faults of the kept seals among themselves."""
    """Faults of the seals somebody kept. Some may be left out: only neighbours can follow each other."""
    faults: list[str] = []
    before = None
    for seal in sorted(seals, key=lambda each: each["number"]):
        if seal_digest(seal) != seal["digest"]:
            faults.append(f"kept seal {seal['number']} was changed")
        if before and before["number"] + 1 == seal["number"] and seal["prev"] != before["digest"]:
            faults.append(f"kept seal {seal['number']} does not follow the one before it")
        before = seal
    return faults


def main(arguments: list[str]) -> int:
    """Check the files named on the command line; the exit code is told above."""
    if len(arguments) not in (1, 2):
        print(__doc__)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as file:
            receipt = json.load(file)
        seals = None
        if len(arguments) == 2:
            with open(arguments[1], encoding="utf-8") as file:
                seals = json.load(file)
            seals = seals["seals"] if isinstance(seals, dict) else seals
        if receipt.get("format") != "yinuo-receipt/1":
            raise ValueError(f"format is {receipt.get('format')!r}, not 'yinuo-receipt/1'")
        found, faults = check(receipt, seals)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"this is not a receipt that can be checked: {error}")
        return 2
    for line in found:
        print("ok   " + line)
    for line in faults:
        print("WRONG " + line)
    print("全部属实 everything holds" if not faults else "有不符之处 something does not hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
