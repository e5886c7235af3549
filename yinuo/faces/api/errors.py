"""One body for everything that goes wrong: a code for programs, a sentence for people, a remedy a field.

Values of personal fields are never sent back: what a caller's log keeps of an answer must not name anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from yinuo.core.engine import Refused
from yinuo.core.matter import Label
from yinuo.packs.matters import NoSuchMatter
from yinuo.work.access import NotFound
from yinuo.work.cases import Conflict


class Text(Schema):
    """A sentence in Chinese and in English."""

    zh: str
    en: str


class FieldProblem(Schema):
    """One field: what was sent (null where it is personal or not one value), what is wrong, what to do."""

    field: str
    value: str | None = None
    message: Text
    remedy: Text


class Problem(Schema):
    """The body of every answer of 400 and above. `seq`: the case's present seq, with 409 `conflict` only."""

    code: str
    message: Text
    errors: list[FieldProblem] = Field(default_factory=list)
    seq: int | None = None


class Wrong(Exception):
    """An answer of 400 and above. Headers go with it (Retry-After)."""

    def __init__(
        self,
        status: int,
        code: str,
        say: Label,
        *,
        errors: list[FieldProblem] | None = None,
        seq: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.say = status, code, say
        self.errors, self.seq, self.headers = errors or [], seq, dict(headers or {})


REMEDIES = {
    "wrong_step": Label("重新读取办件，用其中 moves 列出的动作", "Read the case again; use one of its moves"),
    "unknown_move": Label("用办件 moves 列出的动作", "Use one of the moves that the case lists"),
    "not_yours": Label(
        "由承办单位有相应岗位的人或者申请人办理",
        "Let somebody in the unit that holds the case, or the applicant, do it",
    ),
    "reason_missing": Label("在 data.reason 写明理由", "State the reason in data.reason"),
    "extension_days": Label("在 data.days 写整数天数", "Give a whole number of days in data.days"),
    "unit_not_chosen": Label(
        "在 data.unit 写办件 moves 里 units 列出的单位编号",
        "Give in data.unit the id of a unit that the case's moves list",
    ),
    "needs:opinion_given": Label("在 data.opinion 写审查意见", "State the opinion in data.opinion"),
    "needs:materials_present": Label(
        "先 POST /api/evidence 上传，再在 evidence 里按材料编号附上",
        "Upload with POST /api/evidence and name the file in evidence under its material's id",
    ),
    "needs:evidence_attached": Label(
        "先 POST /api/evidence 上传，再在 evidence 里附上",
        "Upload with POST /api/evidence and name the file in evidence",
    ),
    "closed": Label("办结的件只能评价或者备注", "A closed case can only be rated or noted"),
    "rating": Label("level 写 1 到 5 的整数", "Give level as a whole number from 1 to 5"),
    "assignee": Label(
        "to 写承办单位中有岗位的人", "Name somebody with a post in the unit that holds the case"
    ),
}
MEND = Label("按说明改正后重新提交", "Mend it as the message says and send it again")
AGAIN = Label(
    "重新读取办件，看过变化后用新的 seq 再提交", "Read the case again and send its new seq as expecting"
)

NOT_FOUND = Label(
    "没有这个办件、事项或密钥，或者您看不到。",
    "There is no such case, matter or key, or it is not yours to see.",
)


def text(label: Label) -> Text:
    """A Label as the body carries it."""
    return Text(zh=label.zh, en=label.en)


def field_problem(
    field: str, say: Label, *, value: str | None = None, remedy: Label | None = None
) -> FieldProblem:
    """One field's problem; without a remedy of its own, to mend it as the message says."""
    return FieldProblem(field=field, value=value, message=text(say), remedy=text(remedy or MEND))


def refused(error: Refused) -> Wrong:
    """422 for what the engine says no to."""
    remedy = REMEDIES.get(error.code, MEND)
    field = error.field or error.code.partition(":")[2] or "move"
    return Wrong(422, error.code, error.say, errors=[field_problem(field, error.say, remedy=remedy)])


def conflict(*, seq: int) -> Wrong:
    """409: somebody moved the case first; `seq` is where it stands now."""
    say = Label("有人先办了一步，您的操作没有执行。", "Somebody moved the case first; nothing was done.")
    problem = field_problem("expecting", say, remedy=AGAIN)
    return Wrong(409, "conflict", say, errors=[problem], seq=seq)


def not_found() -> Wrong:
    """404: nothing there, or not for these eyes; the answer does not tell which."""
    return Wrong(404, "not_found", NOT_FOUND)


def install(api: NinjaAPI) -> None:
    """Make `api` answer every error with a Problem."""

    def answer(wrong: Wrong) -> HttpResponse:
        body = Problem(code=wrong.code, message=text(wrong.say), errors=wrong.errors, seq=wrong.seq)
        response = api.create_response(_anybody, body.dict(), status=wrong.status)
        for name, value in wrong.headers.items():
            response[name] = value
        return response

    _anybody = HttpRequest()
    api.exception_handler(Wrong)(lambda request, error: answer(error))
    api.exception_handler(Refused)(lambda request, error: answer(refused(error)))
    for missing in (NotFound, NoSuchMatter):
        api.exception_handler(missing)(lambda request, error: answer(not_found()))
    for away in (OperationalError, InterfaceError):
        api.exception_handler(away)(lambda request, error: answer(_away()))
    api.exception_handler(AuthenticationError)(lambda request, error: answer(_sign_in()))
    api.exception_handler(ValidationError)(lambda request, error: answer(_invalid(error)))
    api.exception_handler(RequestDataTooBig)(lambda request, error: answer(too_large()))
    api.exception_handler(HttpError)(lambda request, error: answer(_unreadable(error)))
    # A Conflict is turned into 409 where the case is known; here it would be a fault of ours.
    api.exception_handler(Conflict)(lambda request, error: answer(conflict(seq=error.expecting)))


def too_large() -> Wrong:
    """413."""
    return Wrong(
        413,
        "too_large",
        Label(
            "提交的内容太大：JSON 不超过 5 MB，文件不超过 20 MB。",
            "What was sent is too large: JSON at most 5 MB, a file at most 20 MB.",
        ),
    )


def _away() -> Wrong:
    say = Label("系统暂时不可用，请稍后重试。", "The platform is away for a moment; try again.")
    return Wrong(503, "unavailable", say, headers={"Retry-After": "30"})


def _sign_in() -> Wrong:
    return Wrong(
        401,
        "sign_in",
        Label(
            "密钥缺失、到期或已停用；请在 Authorization 头里写 Bearer 和密钥。",
            "The key is missing, has ended or was withdrawn; send it as Authorization: Bearer.",
        ),
        headers={"WWW-Authenticate": 'Bearer realm="yinuo"'},
    )


def _unreadable(error: HttpError) -> Wrong:
    if error.status_code != 400:
        return Wrong(error.status_code, "http", Label("无法处理该请求。", "The request cannot be handled."))
    say = Label("提交的内容不是 JSON，读不出来。", "What was sent is no JSON that can be read.")
    return Wrong(400, "unreadable", say)


RULES = {
    "missing": Label("缺少此项", "is missing"),
    "extra_forbidden": Label("没有这一项", "is no field of this call"),
    "enum": Label("不在可选范围内", "is not one of the choices"),
    "literal_error": Label("不在可选范围内", "is not one of the choices"),
}


def _invalid(error: ValidationError) -> Wrong:
    """A body, query or header of the wrong shape. What was sent is not repeated."""
    problems = []
    for one in error.errors:
        where = [str(part) for part in one["loc"] if part not in ("body", "data", "query", "path", "header")]
        field = ".".join(where) or "body"
        rule = RULES.get(one["type"], Label("写法不对", str(one["msg"])))
        remedy = Label("照 /api/openapi.json 的说明填写", "See /api/openapi.json for its shape")
        problems.append(field_problem(field, rule, remedy=remedy))
    names = ", ".join(problem.field for problem in problems)
    say = Label(f"请求不合要求：{names}。", f"The request is not valid: {names}.")
    return Wrong(422, "invalid", say, errors=problems)


RESPONSES: dict[Any, Any] = {
    frozenset({400, 401, 404, 409, 413, 422, 429, 503}): Problem,
}
"""Merged into each operation's `response`."""
