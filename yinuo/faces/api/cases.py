"""Cases over the wire: the same use cases and the same access as every page."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Header, Query, Router

from yinuo.core.engine import Refused
from yinuo.core.matter import PARTY, Label, Matter
from yinuo.faces.api import forms, shapes, shown
from yinuo.faces.api.errors import RESPONSES, Wrong, conflict, field_problem, not_found
from yinuo.faces.api.evidence import handed
from yinuo.packs import matters
from yinuo.registers import parties
from yinuo.registers.models import Person
from yinuo.work import access, casefile, cases, drafts, inbox, listing, names, public, receipts, search

router = Router(tags=["cases"])

KEYS = uuid.UUID("2b1f9f6c-7d0e-5a0b-9b7a-3f0c7d5e1a44")
"""Namespace of case tokens made from person and Idempotency-Key: nobody can meet another's key."""

KEY: Any = Header(..., alias="Idempotency-Key", description="A UUID of your own, one a case")


# -- reading ----------------------------------------------------------------------------------------


@router.get("/cases", response={200: shapes.CasePage, **RESPONSES}, summary="Cases I may see")
def listed(
    request: HttpRequest,
    state: Literal["", "open", "closed"] = "",
    light: Literal["", "red", "yellow", "green", "grey"] = "",
    matter: str = Query("", max_length=200),
    unit: str = Query("", max_length=100, description="The unit that holds it now"),
    q: str = Query("", max_length=100, description="A number's beginning, or words of the title"),
    since: date | None = None,
    until: date | None = None,
    cursor: str = Query("", max_length=200),
    limit: int = Query(30, ge=1, le=100),
) -> shapes.CasePage:
    """Every case that this key's person may see, the newest first. since, until: days of opening."""
    for name, day in (("since", since), ("until", until)):
        if day is not None and not 2000 <= day.year <= 2100:
            say = Label("应为 2000 年到 2100 年之间的日期", "must be a day between 2000 and 2100")
            raise Wrong(422, "invalid", say, errors=[field_problem(name, say, value=day.isoformat())])
    wanted = listing.Wanted(
        state=state,
        light=light,
        matter=_clean(matter),
        unit=_clean(unit),
        words=_clean(q),
        since=since,
        until=until,
    )
    after = _mark(cursor)
    if after is not None and after[0] is None:
        raise _bad_cursor()
    rows, mark = listing.page(listing.of(request.auth, wanted), after=after, size=limit)  # type: ignore[arg-type]
    return shapes.CasePage(cases=_lines(rows), next=_cursor(mark))


@router.get("/inbox", response={200: shapes.Inbox, **RESPONSES}, summary="What my units owe")
def owed(
    request: HttpRequest,
    light: Literal["", "red", "yellow", "green", "grey"] = "",
    matter: str = Query("", max_length=200),
    mine: Literal["", "0", "1"] = Query("", description="1: what I claimed; 0: what nobody did"),
    q: str = Query("", max_length=100),
    cursor: str = Query("", max_length=200),
    limit: int = Query(30, ge=1, le=100),
) -> shapes.Inbox:
    """The open cases at which one of my roles has something to do, the most urgent first."""
    narrowed = inbox.Filter(light=light, matter=_clean(matter), mine=mine, words=_clean(q))
    rows, mark = inbox.page(request.auth, narrowed=narrowed, after=_mark(cursor), size=limit)
    counts = inbox.counts(inbox.narrow(inbox.owed_by(request.auth), request.auth, narrowed))
    return shapes.Inbox(cases=_lines(rows), next=_cursor(mark), counts=counts)


@router.get("/cases/{number}", response={200: shapes.CaseFull, **RESPONSES}, summary="A case file")
def one(request: HttpRequest, number: str) -> shapes.CaseFull:
    """The case with its dates explained, its history, and the moves open to me."""
    return _file(request.auth, _seen(request, number).number)


@router.get("/cases/{number}/receipt", response={200: shapes.Receipt, **RESPONSES}, summary="Its receipt")
def receipt(request: HttpRequest, number: str) -> dict[str, Any]:
    """The receipt to keep; check it offline with /public/receipt_check.py."""
    return receipts.receipt_for(request.auth, _seen(request, number).number)


# -- opening ----------------------------------------------------------------------------------------


@router.post("/cases", response={200: shapes.Opened, 201: shapes.Opened, **RESPONSES}, summary="Open a case")
def open_case(
    request: HttpRequest,
    data: shapes.NewCase,
    key: uuid.UUID = KEY,
) -> tuple[int, shapes.Opened]:
    """Open a case: 201. The same Idempotency-Key again: 200 and that case; with other content: 409."""
    person: Person = request.auth
    matter = matters.current(data.matter)
    _may_ask(person, matter, party=data.party)
    form = forms.form_of(matter, data.form)
    files = handed(person, data.evidence, matter=matter)
    at = timezone.now()
    with transaction.atomic():  # a refusal leaves no draft behind
        try:
            draft = drafts.begin(
                matter=matter.id,
                by=person,
                party=data.party,
                at=at,
                id_=uuid.uuid5(KEYS, f"{person.pk}/{key}"),
            )
        except access.NotFound as error:  # this key has begun something else
            raise _reused() from error
        if draft.opened:
            opened = cases.Opened(id=0, number=draft.opened, fresh=False)
            if draft.party_id != data.party or draft.data != form:
                raise _reused()
        else:
            draft = drafts.save(draft, data=form, page="", at=at)
            for file in files:
                draft = drafts.attach(
                    draft, material=file.material, name=file.name, digest=file.digest, mime="", size=0, at=at
                )
            opened = drafts.submit(draft, form=form, by=person, at=at)
    found = _file(person, opened.number)
    body = shapes.Opened(number=opened.number, fresh=opened.fresh, case=found)
    return (201 if opened.fresh else 200), body


def _may_ask(person: Person, matter: Matter, *, party: int | None) -> None:
    if matter.kind not in search.OFFERED:
        say = Label("本事项由其他办件开启，不能单独申请。", "This matter opens from within another case.")
        raise Wrong(422, "not_offered", say, errors=[field_problem("matter", say, value=matter.id)])
    if party is None:
        if matter.kind == "report":
            return
        say = Label("须写明为谁申请。", "Say whom it is for.")
        remedy = Label(
            "party 写 GET /api/me 里 parties 的 id", "Give in party an id of parties in GET /api/me"
        )
        raise Wrong(422, "party", say, errors=[field_problem("party", say, remedy=remedy)])
    mine = next((each for each in parties.for_person(person) if each.pk == party), None)
    if mine is None:
        say = Label("您不能代该当事人办事。", "You may not act for this party.")
        remedy = Label(
            "party 写 GET /api/me 里 parties 的 id", "Give in party an id of parties in GET /api/me"
        )
        raise Wrong(
            422, "not_yours", say, errors=[field_problem("party", say, value=str(party), remedy=remedy)]
        )
    if mine.kind not in matter.audience:
        say = Label("本事项不面向这类当事人。", "This matter is not for this kind of party.")
        remedy = Label(f"面向：{'、'.join(matter.audience)}", f"It is for {', '.join(matter.audience)}")
        raise Wrong(
            422, "audience", say, errors=[field_problem("party", say, value=str(party), remedy=remedy)]
        )


def _reused() -> Wrong:
    say = Label(
        "这个 Idempotency-Key 已经用来提交过别的内容。",
        "This Idempotency-Key has sent something else before.",
    )
    remedy = Label("换一个新的 UUID", "Use a new UUID for a new case")
    return Wrong(409, "key_reused", say, errors=[field_problem("Idempotency-Key", say, remedy=remedy)])


# -- changing ---------------------------------------------------------------------------------------


@router.post("/cases/{number}/moves", response={200: shapes.CaseFull, **RESPONSES}, summary="Make a move")
def move(request: HttpRequest, number: str, data: shapes.Moving) -> shapes.CaseFull:
    """Make a move on the case as one saw it. 409 when somebody was first, 422 when the matter says no."""
    row = _seen(request, number)
    matter = matters.version(row.matter, row.version)
    wanted = matter.moves.get(data.move)
    given: dict[str, Any] = {}
    if wanted is not None:
        if data.data.form is not None and PARTY not in wanted.by:
            say = Label("只有申请人的动作可以改表单。", "Only a move of the applicant's changes the form.")
            raise Wrong(422, "invalid", say, errors=[field_problem("data.form", say)])
        if data.data.form is not None:
            given["form"] = forms.form_of(matter, data.data.form, field="data.form")
        if wanted.form or data.data.given:
            given |= forms.checked(wanted.form, data.data.given, field="data.given")
    given |= {name: getattr(data.data, name).strip() for name in ("reason", "opinion", "unit")}
    if data.data.days is not None:
        given["days"] = data.data.days
    files = handed(request.auth, data.evidence, matter=matter)
    return _changed(
        request,
        row,
        data.expecting,
        lambda at: cases.move(
            case=row.pk,
            move=data.move,
            by=request.auth,
            at=at,
            expecting=data.expecting,
            data={name: value for name, value in given.items() if value != ""},
            files=files,
        ),
    )


@router.post(
    "/cases/{number}/assign", response={200: shapes.CaseFull, **RESPONSES}, summary="Assign or claim"
)
def assign(request: HttpRequest, number: str, data: shapes.Assigning) -> shapes.CaseFull:
    """Put a colleague (or oneself) in charge inside the unit that holds the case."""
    row = _seen(request, number)
    able = {each.username: each for each, _ in casefile.colleagues(_of(request.auth, row))}
    able[request.auth.username] = request.auth
    to = able.get(data.to) if data.to is not None else None
    if data.to is not None and to is None:
        # Whoever it names, or nobody: the answer is the same, so that nobody learns who has an account.
        say = Label(
            "此人在承办单位没有岗位。", "Nobody of that name has a post in the unit that holds the case."
        )
        raise Wrong(422, "assignee", say, errors=[field_problem("to", say)])
    return _changed(
        request,
        row,
        data.expecting,
        lambda at: cases.assign(case=row.pk, to=to, by=request.auth, at=at, expecting=data.expecting),
    )


@router.post("/cases/{number}/rate", response={200: shapes.CaseFull, **RESPONSES}, summary="Rate it")
def rate(request: HttpRequest, number: str, data: shapes.Rating) -> shapes.CaseFull:
    """The applicant's rating of a closed case, one a case."""
    row = _seen(request, number)
    return _changed(
        request,
        row,
        data.expecting,
        lambda at: cases.rate(
            case=row.pk,
            level=data.level,
            by=request.auth,
            at=at,
            expecting=data.expecting,
            tags=data.tags,
            words=data.words,
        ),
    )


@router.post("/cases/{number}/withdraw", response={200: shapes.CaseFull, **RESPONSES}, summary="Withdraw it")
def withdraw(request: HttpRequest, number: str, data: shapes.Withdrawing) -> shapes.CaseFull:
    """The applicant takes the application back, where the matter allows it."""
    row = _seen(request, number)
    return _changed(
        request,
        row,
        data.expecting,
        lambda at: cases.withdraw(
            case=row.pk, by=request.auth, at=at, expecting=data.expecting, reason=data.reason
        ),
    )


# -- inside -----------------------------------------------------------------------------------------


def _seen(request: HttpRequest, number: str) -> Any:
    """The case, when this key's person may see it; 404 otherwise, whatever the reason."""
    wanted = public.tidy(number)
    if not wanted:
        raise not_found()
    return access.case_for(request.auth, wanted)


def _changed(
    request: HttpRequest, row: Any, expecting: int, do: Callable[[datetime], Any]
) -> shapes.CaseFull:
    try:
        do(timezone.now())
    except cases.Conflict as error:
        raise conflict(seq=_seen(request, row.number).seq) from error
    except Refused:
        now = _seen(request, row.number).seq
        if now != expecting:  # refused for what the case has become meanwhile: say that instead
            raise conflict(seq=now) from None
        raise
    return _file(request.auth, row.number)


def _file(person: Person, number: str) -> shapes.CaseFull:
    file = casefile.open_file(person, number, now=timezone.now())
    return shown.full(file, lang=names.lang())


def _of(person: Person, row: Any) -> casefile.CaseFile:
    return casefile.of(row, person, now=timezone.now())


def _lines(rows: list[Any]) -> list[shapes.CaseLine]:
    lang = names.lang()
    return [shapes.CaseLine(**shown.line(row, lang=lang)) for row in rows]


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()


def _cursor(mark: tuple[datetime | None, int] | None) -> str | None:
    """The mark after a page, as text to send back."""
    if mark is None:
        return None
    at, id_ = mark
    body = json.dumps([at.isoformat() if at else None, id_])
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def _mark(cursor: str) -> tuple[datetime | None, int] | None:
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, id_ = json.loads(base64.urlsafe_b64decode(padded.encode()))
        moment = datetime.fromisoformat(at) if at is not None else None
        if not isinstance(id_, int) or not 0 <= id_ <= shapes.BIGINT or (moment and moment.tzinfo is None):
            raise ValueError(cursor)
    except (ValueError, TypeError) as error:
        raise _bad_cursor() from error
    return moment, id_


def _bad_cursor() -> Wrong:
    say = Label("游标无效。", "is no cursor of this list.")
    remedy = Label("用上一页的 next，或者不填", "Send `next` of the page before, or nothing")
    return Wrong(422, "invalid", say, errors=[field_problem("cursor", say, remedy=remedy)])
