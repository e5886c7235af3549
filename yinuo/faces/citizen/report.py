"""Reporting what is wrong in the street: one page, photo first, done in a minute on a phone."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from yinuo.core.engine import Refused
from yinuo.core.matter import Matter
from yinuo.faces.citizen import apply, showing
from yinuo.faces.parts.context import language
from yinuo.faces.parts.forms import Error, SchemaForm
from yinuo.packs import matters
from yinuo.registers import places
from yinuo.work import access, drafts, nearby
from yinuo.work import search as finder
from yinuo.work.models import Draft


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What is it about? With only one kind of report on offer, straight to it."""
    offered = [matter for matter in finder.offered() if matter.kind == "report"]
    if len(offered) == 1:
        return redirect("citizen:report_matter", matter=offered[0].id)
    return render(request, "citizen/report_choose.html", {"matters": offered, "tab": "report"})


@login_required
def report(request: HttpRequest, matter: str) -> HttpResponse:
    """The one page. A report close to an open one is shown that first, and sent when its reporter says so."""
    wanted = matters.current(matter)
    if wanted.kind != "report":
        raise access.NotFound(matter)
    if request.method == "POST":
        return _posted(request, wanted)
    begun = drafts.unfinished(matter=wanted.id, by=request.user, party=None)
    if begun is not None:
        form = _form(begun)
        return _page(request, wanted, form, id_=begun.pk, files=begun.files)
    known = drafts.known(wanted, by=request.user, party=None)
    form = showing.form_of(wanted, initial=known, one_page=True)
    return _page(request, wanted, form, id_=uuid.uuid4(), files=[])


def _posted(request: HttpRequest, wanted: Matter) -> HttpResponse:
    try:
        id_ = uuid.UUID(request.POST.get("draft", ""))
    except ValueError as error:
        raise access.NotFound("draft") from error
    now = timezone.now()
    draft = drafts.begin(matter=wanted.id, by=request.user, party=None, at=now, id_=id_)
    if draft.opened:
        return apply.opened(draft)
    form = _form(draft, request, data=with_place(request.POST, wanted))
    shown = form.page()
    if form.refreshing:
        return _page(request, wanted, form, id_=draft.pk, files=draft.files)
    apply.take_in(draft, form)
    drafts.save(draft, data=form.answers, page="", at=now, asked=shown.names)
    form.ui["uploads"] = apply.uploads_of(draft)
    errors: list[Error] = list(shown.errors)
    near_by = 0
    if not errors and not shown.revealed:
        near_by = _near(wanted, form.answers.get("point"))
        if not near_by or request.POST.get("anyway") == "yes":
            try:
                found = drafts.submit(draft, form=form.cleaned, by=request.user, at=now)
            except Refused as refused:
                errors = [Error(refused.field, refused.say.in_(language()), "")]
            else:
                return redirect("citizen:done", number=found.number)
    return _page(request, wanted, form, id_=draft.pk, files=draft.files, errors=errors, near_by=near_by)


def _form(draft: Draft, request: HttpRequest | None = None, data: Any = None) -> SchemaForm:
    return showing.form_of(
        drafts.matter_of(draft),
        initial=draft.data,
        uploads=apply.uploads_of(draft),
        request=request,
        data=data,
        one_page=True,
    )


def with_place(posted: QueryDict, wanted: Matter) -> QueryDict:
    """The posted form; a position without a chosen place gets the county whose outline covers it, where the
    matter is content with a county."""
    asked = wanted.form.get("properties", {}).get("place")
    point = position(posted)
    if asked is None or posted.get("place") or point is None:
        return posted
    county = places.at_point(*point)
    if county is None or not re.search(asked.get("pattern", ""), county):
        return posted
    found = posted.copy()
    found["place"] = county
    return found


def position(given: QueryDict) -> tuple[Decimal, Decimal] | None:
    """(lat, lon) of the form's point; None when there is none, or none on earth."""
    try:
        lat, lon = Decimal(given.get("point.lat", "")), Decimal(given.get("point.lon", ""))
    except InvalidOperation:
        return None
    if not (lat.is_finite() and lon.is_finite() and abs(lat) <= 90 and abs(lon) <= 180):
        return None
    return lat, lon


def _near(wanted: Matter, point: Any) -> int:
    if not point or "lat" not in point:
        return 0
    return nearby.open_near(wanted.id, lat=Decimal(point["lat"]), lon=Decimal(point["lon"]))


def _page(
    request: HttpRequest,
    wanted: Matter,
    form: SchemaForm,
    *,
    id_: uuid.UUID,
    files: list[Any],
    errors: list[Error] | None = None,
    near_by: int = 0,
) -> HttpResponse:
    problems = errors or []
    context = {
        "matter": wanted,
        "form": form,
        "page": form.page(),
        "draft_id": id_,
        "files": files,
        "errors": problems,
        "near_by": near_by,
        "metres": nearby.METRES,
        "tab": "report",
    }
    return render(request, "citizen/report.html", context, status=422 if problems else 200)


@login_required
@require_safe
def near(request: HttpRequest) -> HttpResponse:
    """A line for the report page: how many open reports stand at the position just filled in."""
    wanted = matters.current(request.GET.get("matter", ""))
    point = position(request.GET)
    count = nearby.open_near(wanted.id, lat=point[0], lon=point[1]) if point else 0
    county = places.at_point(*point) if point else None
    context = {
        "near_by": count,
        "metres": nearby.METRES,
        "point": point,
        "county": places.title(county) if county else "",
    }
    return render(request, "citizen/near.html", context)
