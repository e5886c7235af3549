"""Files: sent once, named afterwards by an id that only its sender can use, for a day.

The id is signed and says whose it is. A file's digest is no such key: digests stand in receipts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from ninja import File, Router
from ninja.files import UploadedFile

from yinuo.core.matter import Label, Matter
from yinuo.faces.api import shapes
from yinuo.faces.api.errors import RESPONSES, Wrong, field_problem
from yinuo.faces.parts import uploads
from yinuo.registers.models import Person
from yinuo.work import evidence
from yinuo.work.cases import File as Handed

router = Router(tags=["cases"])

FILE: Any = File(..., description="The file itself, as multipart/form-data")
SALT = "yinuo.api.evidence"
HOLDS_SECONDS = 24 * 3600
KINDS = ("pdf", "jpeg", "png", "webp", "heic", "docx", "xlsx")


@router.post("/evidence", response={201: shapes.EvidenceOut, **RESPONSES}, summary="Send a file")
def send(request: HttpRequest, file: UploadedFile = FILE) -> tuple[int, shapes.EvidenceOut]:
    """Take in one file of at most 20 MB (PDF, picture, Word, Excel; told by its content, not its name)."""
    try:
        taken = uploads.accept(file, kinds=KINDS, max_bytes=settings.EVIDENCE_MAX_BYTES)
    except uploads.Refused as refused:
        say = Label(refused.zh, refused.en)
        raise Wrong(422, "file", say, errors=[field_problem("file", say)]) from refused
    try:
        chunk = io.BytesIO(taken.read())
        kept = evidence.keep(iter(lambda: chunk.read(2**20), b""), mime=taken.mime)
    finally:
        taken.discard()
    facts = {"by": request.auth.pk, "digest": kept.digest, "name": taken.name, "kind": taken.kind}
    return 201, shapes.EvidenceOut(
        id=signing.dumps(facts, salt=SALT, compress=True),
        name=taken.name,
        mime=kept.mime,
        size=kept.size,
        sha256=kept.digest,
    )


def handed(person: Person, given: Sequence[shapes.Handed], *, matter: Matter) -> list[Handed]:
    """The files that the ids name. Raises Wrong 422 for an id that is not `person`'s or has run out, a
    material that the matter does not know, or a kind of file that it does not take."""
    known = {material.id: material for material in matter.materials}
    files, problems = [], []
    for n, each in enumerate(given):
        try:
            facts = signing.loads(each.id, salt=SALT, max_age=HOLDS_SECONDS)
        except signing.BadSignature:
            facts = {}
        if facts.get("by") != person.pk:
            say = Label("文件编号无效或已过一天", "is no id of a file that you sent within a day")
            remedy = Label("用 POST /api/evidence 重新上传", "Send the file again with POST /api/evidence")
            problems.append(field_problem(f"evidence.{n}.id", say, remedy=remedy))
            continue
        if each.material and each.material not in known:
            say = Label("本事项没有这项材料", "is no material of this matter")
            remedy = Label(f"可填：{'、'.join(known) or '空'}", f"Use {', '.join(known) or 'none'}")
            problems.append(field_problem(f"evidence.{n}.material", say, value=each.material, remedy=remedy))
            continue
        kinds = known[each.material].kinds if each.material else KINDS
        if facts["kind"] not in ("jpeg" if kind == "jpg" else kind for kind in kinds):
            say = Label(
                f"这项材料不收 {facts['kind']} 文件", f"is of kind {facts['kind']}, which is not taken"
            )
            remedy = Label(f"可交：{'、'.join(kinds)}", f"Send {', '.join(kinds)}")
            problems.append(field_problem(f"evidence.{n}.id", say, remedy=remedy))
            continue
        files.append(Handed(material=each.material, name=facts["name"], digest=facts["digest"]))
    if problems:
        listed = ", ".join(problem.field for problem in problems)
        say = Label(f"附件有误：{listed}。", f"The files are not right: {listed}.")
        raise Wrong(422, "evidence", say, errors=problems)
    return files
