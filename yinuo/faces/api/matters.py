"""What the city promises, and the seals: open to anybody, no key needed."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yinuo.faces.api import shapes
from yinuo.faces.api.errors import RESPONSES
from yinuo.faces.api.shown import matter_line
from yinuo.packs import matters
from yinuo.work import public

router = Router(tags=["open"], auth=None)


@router.get("/matters", response={200: list[shapes.MatterLine], **RESPONSES}, summary="Matters in force")
def listed(request: HttpRequest) -> list[shapes.MatterLine]:
    """Every matter in force, by id."""
    return [shapes.MatterLine.model_validate(matter_line(each)) for each in matters.all_current()]


@router.get("/matters/{path:id}", response={200: shapes.MatterFull, **RESPONSES}, summary="One matter")
def one(request: HttpRequest, id: str) -> shapes.MatterFull:
    """A matter in the version in force: limits, materials, and the form as JSON Schema."""
    matter = matters.current(id)
    return shapes.MatterFull.model_validate({**matter_line(matter), "form": dict(matter.form)})


@router.get("/seals", response={200: shapes.Seals, **RESPONSES}, summary="Published seals")
def seals(request: HttpRequest) -> shapes.Seals:
    """Every seal, oldest first: keep the file, and nobody can rewrite what it covers."""
    return shapes.Seals.model_validate(public.published_seals())
