"""Conditions a move may need: facts in, None (yes) or the reason why not out.

A matter names them in `needs`. A bare name is a function of this module; a dotted name such as
"policies.eligible" is a function of a domain, put in by `resolve()` once at start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .case import Case
from .matter import SYSTEM, TIMER, Label, Material, Matter, Move
from .workdays import SHANGHAI

Rule = Callable[["Facts"], Label | None]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. kind: "person", "timer" or "system". roles: the roles they have *towards this case*
    (their post's unit is the holder or stands above it). party: they are, or act for, the applicant."""

    kind: str
    id: int = 0
    roles: frozenset[str] = frozenset()
    party: bool = False

    @property
    def named(self) -> str:
        """As the ledger writes it: "person:12", "party:12" (the person's id), "timer", "system"."""
        if self.kind in (TIMER, SYSTEM):
            return self.kind
        return f"{'party' if self.party else 'person'}:{self.id}"


TIMER_ACTOR = Actor(kind=TIMER)
SYSTEM_ACTOR = Actor(kind=SYSTEM)


@dataclass(frozen=True, slots=True)
class Child:
    """What a parent may know of a child case."""

    matter: str
    number: str
    closed: bool
    outcome: str
    since: int = 0
    """How many entries the parent had when it opened this child."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a rule may ask. Work gathers it; the engine adds case, move, by and at.

    form: the applicant's answers. data: what came with this move. files: material id -> digests.
    children: child cases. acted: (move, "person:<id>") of earlier moves, oldest first.
    units: function or unit id -> holder. party: holder text of the applicant.
    """

    matter: Matter | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    acted: tuple[tuple[str, str], ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    all_units: frozenset[str] = frozenset()
    party: str = ""
    case: Case | None = None
    move: Move | None = None
    by: Actor = SYSTEM_ACTOR
    at: datetime | None = None

    @property
    def today(self) -> date:
        assert self.at is not None
        return self.at.astimezone(SHANGHAI).date()


_found: dict[str, Rule] = {}


def ask(name: str, facts: Facts) -> Label | None:
    """Ask rule `name`; None means yes. KeyError when no such rule exists (the pack check prevents it)."""
    return find(name)(facts)


def find(name: str) -> Rule:
    """The function behind `name`. Raises KeyError naming it when there is none."""
    if name in _found:
        return _found[name]
    if name in COMMON:
        return COMMON[name]
    raise KeyError(f"no rule called {name!r}; known: {', '.join(sorted([*COMMON, *_found]))}")


def resolve(named: Mapping[str, Rule]) -> None:
    """Add the domains' rules, once at start: {"policies.eligible": function}."""
    _found.update(named)


# -- materials -------------------------------------------------------------------------------


def wanted_materials(matter: Matter, form: Mapping[str, Any]) -> tuple[Material, ...]:
    """The materials these answers call for (a material may depend on one answer)."""
    return tuple(
        material
        for material in matter.materials
        if not material.show or form.get(material.show.get("field", "")) == material.show.get("is")
    )


def materials_present(facts: Facts) -> Label | None:
    """Every required material has at least one file."""
    assert facts.matter is not None
    missing = [
        material.title
        for material in wanted_materials(facts.matter, facts.form)
        if material.required and not facts.files.get(material.id)
    ]
    if not missing:
        return None
    return Label(
        f"还缺材料：{'、'.join(each.zh for each in missing)}。",
        f"Missing: {', '.join(each.en for each in missing)}.",
    )


def evidence_attached(facts: Facts) -> Label | None:
    """This move brings at least one file: a photo of the work done, a scan of the opinion."""
    if facts.data.get("evidence"):
        return None
    return Label("须附至少一张照片或一个文件作为凭据。", "Attach at least one photo or file as evidence.")


def opinion_given(facts: Facts) -> Label | None:
    """This move brings an opinion in words."""
    if str(facts.data.get("opinion", "")).strip():
        return None
    return Label("须填写审查意见。", "An opinion must be written.")


# -- people ----------------------------------------------------------------------------------


def another_person(facts: Facts) -> Label | None:
    """Whoever decides is not whoever made the last move of an officer on this case."""
    officers = [who for _, who in facts.acted if who.startswith("person:")]
    if not officers or officers[-1] != facts.by.named:
        return None
    return Label(
        "上一环节是您本人办理的，须由另一人决定。",
        "You made the previous move yourself; another person must decide.",
    )


def not_the_handler(facts: Facts) -> Label | None:
    """Whoever verifies never handled this case (处置人员不得核查结案).

    Handling is a move open to handlers; in a matter without any, every move an officer made counts.
    """
    moves = facts.matter.moves if facts.matter else {}
    handling = {name for name, move in moves.items() if "handler" in move.by}
    if facts.by.named not in {who for name, who in facts.acted if not handling or name in handling}:
        return None
    return Label(
        "您办理过此件，核查须由另一人进行。", "You handled this case; another person must verify it."
    )


# -- money and children ----------------------------------------------------------------------


def fee_paid(facts: Facts) -> Label | None:
    """The fee was marked as paid by an earlier move."""
    assert facts.case is not None
    if facts.case.facts.get("fee_paid"):
        return None
    return Label("费用尚未缴纳。", "The fee has not been paid.")


def _latest(facts: Facts) -> tuple[Child, ...]:
    """The children opened last, together: a parent that opens twice waits for its newest round."""
    if not facts.children:
        return ()
    newest = max(child.since for child in facts.children)
    return tuple(child for child in facts.children if child.since == newest)


def all_children_closed(facts: Facts) -> Label | None:
    """There are children and every one of them is closed."""
    waiting = [child.number for child in facts.children if not child.closed]
    if facts.children and not waiting:
        return None
    return Label(
        f"并联办理尚未全部完成：{'、'.join(waiting) or '尚未开启'}。",
        f"Parallel work is not finished: {', '.join(waiting) or 'not opened yet'}.",
    )


def all_children_granted(facts: Facts) -> Label | None:
    """Every child of the newest round is closed, and each was granted."""
    not_closed = all_children_closed(facts)
    if not_closed is not None:
        return not_closed
    refused = [child.number for child in _latest(facts) if child.outcome != "granted"]
    if not refused:
        return None
    return Label(f"未获同意：{'、'.join(refused)}。", f"Not agreed: {', '.join(refused)}.")


def some_child_refused(facts: Facts) -> Label | None:
    """All children are closed and at least one of the newest round was not granted."""
    not_closed = all_children_closed(facts)
    if not_closed is not None:
        return not_closed
    if any(child.outcome != "granted" for child in _latest(facts)):
        return None
    return Label("并联意见均为同意。", "Every parallel opinion agrees.")


# -- the applicant ---------------------------------------------------------------------------


def birth_date(id_number: str) -> date:
    """The date of birth a valid 18-digit citizen id carries."""
    return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))


def years_old(born: date, on: date) -> int:
    """Full years on day `on` (周岁: the birthday itself counts from the day after, 民法典 §201, not applied
    to allowances, which count from the birthday)."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def aged_80(facts: Facts) -> Label | None:
    """The elder named in the form is 80 or older today."""
    number = str(facts.form.get("elder_id", ""))
    if len(number) == 18 and years_old(birth_date(number), facts.today) >= 80:
        return None
    return Label(
        "按身份证号码计算，老人未满80周岁，不符合高龄津贴条件。",
        "By the ID number the elder is under 80 and does not qualify for the allowance.",
    )


FROM_THE_HEAD = frozenset(("evidence_attached", "opinion_given", "fee_paid"))
"""Rules that ask only what came with the move and what the head says: a move that needs no other is plain."""

COMMON: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        materials_present,
        evidence_attached,
        opinion_given,
        another_person,
        not_the_handler,
        fee_paid,
        all_children_closed,
        all_children_granted,
        some_child_refused,
        aged_80,
    )
}
