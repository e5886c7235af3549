"""Cases as the wire carries them."""

from __future__ import annotations

from typing import Any

from yinuo.core.matter import Matter
from yinuo.faces.api import shapes
from yinuo.faces.api.errors import text
from yinuo.packs import matters
from yinuo.work import casefile, names, public, search
from yinuo.work.casefile import CaseFile

COLUMNS = (
    *("number", "matter", "version", "title", "unit", "place", "step", "light", "paused", "provisional"),
    *("outcome", "kept", "seq", "opened_at", "closed_at", "due_at", "promised_at", "statutory_at"),
)


def line(row: Any, *, lang: str) -> dict[str, Any]:
    """A case row that `access` gave, as CaseLine's fields."""
    kind, _, unit = row.holder.partition(":")
    matter = matters.version(row.matter, row.version)
    return {
        **{name: getattr(row, name) for name in COLUMNS},
        "step_title": casefile.step_title(matter, row.step, lang=lang),
        "holder": shapes.Holder(
            kind=kind, unit=unit if kind == "unit" else "", name=names.holder(row.holder, lang_=lang)
        ),
    }


def full(file: CaseFile, *, lang: str) -> shapes.CaseFull:
    """A case file for one reader, with nothing that the file does not already let them read."""
    return shapes.CaseFull(
        **line(file.case, lang=lang),
        says=file.says,
        assignee=file.assignee,
        applicant=file.party.name if file.party else "",
        is_applicant=file.is_applicant,
        may_read_words=file.may_read_words,
        form=file.form,
        files=[
            shapes.FileOut(
                id=each.pk,
                seq=each.seq,
                material=each.material,
                name=each.name,
                mime=each.evidence.mime,
                size=each.evidence.size,
                sha256=each.evidence_id,
            )
            for each in file.files
        ],
        dates=[
            shapes.DateOut(
                name=each.name,
                title=each.title,
                due_at=each.due.at if each.due else None,
                day=each.due.day if each.due else None,
                provisional=bool(each.due and each.due.provisional),
                level=each.level,
                sentence=each.sentence,
                basis=each.basis,
            )
            for each in file.dates
        ],
        history=[
            shapes.LineOut(
                seq=each.entry.seq,
                kind=each.entry.kind,
                move=each.entry.move,
                title=each.title,
                at=each.entry.at,
                who=each.who,
                step=each.step,
                words=each.words,
                hidden=each.hidden,
                digest=each.digest,
            )
            for each in file.lines
        ],
        parent=file.parent.number if file.parent else None,
        children=[child.number for child in file.children],
        records=[
            shapes.RecordOut(
                register_id=record.register_id,
                number=record.number,
                state=record.state,
                valid_from=record.valid_from,
                valid_until=record.valid_until,
                code=record.code,
            )
            for record in file.records
        ],
        moves=[
            shapes.MoveOut(
                id=move.id,
                title=text(move.title),
                reason=move.reason,
                needs=list(move.needs),
                extends=list(move.extends),
                units=[
                    shapes.UnitOut(id=id_, name=name)
                    for id_, name in casefile.unit_choices(file, move, lang=lang)
                ],
                form=dict(move.form),
            )
            for move in file.moves
        ],
        may_correct=file.may_correct,
    )


def matter_line(matter: Matter) -> dict[str, Any]:
    """A matter as MatterLine's and MatterFull's fields, but for the form."""
    return {**public.matter_json(matter), "offered": matter.kind in search.OFFERED}
