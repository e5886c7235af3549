"""Applications being filled in: begin, save, return, submit. Submitting twice opens one case."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from yinuo.core.engine import Refused
from yinuo.core.matter import Label, Matter
from yinuo.core.rules import Facts, materials_present
from yinuo.ledger.store import File
from yinuo.packs import matters
from yinuo.registers import parties
from yinuo.registers.models import Person

from . import cases, names
from .access import NotFound
from .cases import Opened
from .models import Draft


def begin(*, matter: str, by: Person, party: int | None, at: datetime, id_: uuid.UUID | None = None) -> Draft:
    """A new draft of the matter's version in force, or the one `by` has begun for that party already.

    id_: the id a page has carried since it was first shown, so that the page sent twice is one draft.
    What the platform knows already is filled in. Raises Refused, NotFound.
    """
    wanted = matters.current(matter)
    if party is not None and not parties.may_act(by, party):
        raise Refused(
            "not_yours", Label("您不能代该当事人办事。", "You may not act for this party."), field="party"
        )
    if id_ is not None:
        draft, _ = Draft.objects.get_or_create(
            pk=id_,
            defaults={
                "person": by,
                "matter": matter,
                "version": wanted.version,
                "party_id": party,
                "made_at": at,
                "changed_at": at,
            },
        )
        if (draft.person_id, draft.matter) != (by.pk, matter):
            raise NotFound(str(id_))
        return draft
    begun = unfinished(matter=matter, by=by, party=party)
    if begun is not None:
        return begun
    return Draft.objects.create(
        person=by,
        matter=matter,
        version=wanted.version,
        party_id=party,
        data=known(wanted, by=by, party=party),
        made_at=at,
        changed_at=at,
    )


def unfinished(*, matter: str, by: Person, party: int | None) -> Draft | None:
    """The draft of the matter's version in force that `by` has begun for that party, if any."""
    wanted = matters.current(matter)
    return Draft.objects.filter(
        person=by, matter=matter, version=wanted.version, party_id=party, opened=""
    ).first()


def known(matter: Matter, *, by: Person, party: int | None) -> dict[str, Any]:
    """Answers nobody should be asked twice: `phone`, where the party or the person has one on file."""
    row = names.party(party)
    phone = (row.phone if row else "") or by.phone
    return {"phone": phone} if phone and "phone" in matter.form.get("properties", {}) else {}


def get(*, id_: uuid.UUID | str, by: Person) -> Draft:
    """`by`'s draft with that id. Raises NotFound."""
    try:
        return Draft.objects.get(pk=id_, person=by)
    except (Draft.DoesNotExist, ValidationError, ValueError) as error:
        raise NotFound(str(id_)) from error


def discard(draft: Draft) -> None:
    """Throw a draft away. One that has opened a case stays: it is that case's token."""
    if not draft.opened:
        draft.delete()


def mine(person: Person) -> list[Draft]:
    """Drafts not yet submitted, the newest first."""
    return list(Draft.objects.filter(person=person, opened="").order_by("-changed_at"))


def save(
    draft: Draft, *, data: Mapping[str, Any], page: str, at: datetime, asked: Collection[str] = ()
) -> Draft:
    """Keep the answers of one page; `page` is marked as done ("" keeps answers that are not right yet).

    asked: the questions of that page; one that is answered no more is forgotten.
    """
    kept = {name: value for name, value in draft.data.items() if name not in asked}
    draft.data = {**kept, **data}
    if page and page not in draft.done:
        draft.done = [*draft.done, page]
    draft.changed_at = at
    draft.save()
    return draft


def attach(
    draft: Draft, *, material: str, name: str, digest: str, mime: str, size: int, at: datetime
) -> Draft:
    """Add a stored file to the draft under a material's id; the same file twice is kept once."""
    kept = [each for each in draft.files if (each["material"], each["digest"]) != (material, digest)]
    draft.files = [
        *kept,
        {"material": material, "name": name[:200], "digest": digest, "mime": mime, "size": size},
    ]
    draft.changed_at = at
    draft.save()
    return draft


def detach(draft: Draft, *, material: str, digest: str, at: datetime) -> Draft:
    """Take a file out of the draft again."""
    draft.files = [each for each in draft.files if (each["material"], each["digest"]) != (material, digest)]
    draft.changed_at = at
    draft.save()
    return draft


def matter_of(draft: Draft) -> Matter:
    """The matter in the version the draft was begun under."""
    return matters.version(draft.matter, draft.version)


def missing(draft: Draft) -> Label | None:
    """What materials are still to be handed in; None when nothing is."""
    files: dict[str, tuple[str, ...]] = {}
    for each in draft.files:
        files[each["material"]] = (*files.get(each["material"], ()), each["digest"])
    return materials_present(Facts(matter=matter_of(draft), form=draft.data, files=files))


def submit(draft: Draft, *, form: Mapping[str, Any], by: Person, at: datetime) -> Opened:
    """Open the case. `form` is the whole form, validated against the schema of the draft's version."""
    wanted = matter_of(draft)
    if "x-check-materials" not in wanted.form or wanted.form["x-check-materials"]:
        lacking = missing(draft)
        if lacking is not None:
            raise Refused("needs:materials_present", lacking, field="materials")
    opened = cases.open_case(
        matter=draft.matter,
        version=draft.version,
        by=by,
        at=at,
        token=draft.id,
        form=form,
        party=draft.party_id,
        files=[
            File(material=each["material"], name=each["name"], digest=each["digest"]) for each in draft.files
        ],
    )
    draft.opened, draft.changed_at = opened.number, at
    draft.save()
    return opened
