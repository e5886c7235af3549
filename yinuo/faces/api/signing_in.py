"""Keys: a name and a password for one, and the Bearer that reads them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from ninja.security import HttpBearer

from yinuo.core.matter import Label
from yinuo.faces.api import shapes
from yinuo.faces.api.errors import RESPONSES, Wrong, field_problem, not_found, too_large
from yinuo.registers import parties, people
from yinuo.registers.models import Person
from yinuo.work import names, tokens

router = Router(tags=["sign in"])


class Bearer(HttpBearer):
    """`Authorization: Bearer yn_…`; the person stands in `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> Person | None:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.EVIDENCE_MAX_BYTES + 2**20:
            raise too_large()
        found = tokens.find(token, at=timezone.now())
        if found is None:
            return None
        request.user = found.person
        return found.person


def address_of(request: HttpRequest) -> str:
    """Where the call came from: behind a trusted proxy, the last address that the proxy itself wrote."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


@router.post("/tokens", response={201: shapes.NewKey, **RESPONSES}, auth=None, summary="Get a key")
def sign_in(request: HttpRequest, data: shapes.SignIn) -> tuple[int, shapes.NewKey]:
    """A key for a name and a password, shown this once. Five wrong passwords in a row lock the name, from
    that address, for fifteen minutes (429)."""
    now = timezone.now()
    try:
        person = tokens.sign_in(
            data.username, data.password, address=address_of(request), at=now, request=request
        )
    except tokens.Locked as locked:
        wait = max(1, int((locked.until - now).total_seconds()) + 1)
        say = Label(
            f"输错次数太多，请 {wait // 60 + 1} 分钟后再试。",
            f"Too many wrong passwords; try again in {wait // 60 + 1} minutes.",
        )
        raise Wrong(429, "locked", say, headers={"Retry-After": str(wait)}) from locked
    if person is None:
        say = Label("用户名或密码不对。", "The user name or the password is wrong.")
        remedy = Label("核对后再试；连错五次锁定十五分钟", "Check both; five in a row lock for 15 minutes")
        raise Wrong(401, "password", say, errors=[field_problem("password", say, remedy=remedy)])
    raw, token = tokens.issue(person, name=data.name or "API", at=now, days=data.days)
    return 201, shapes.NewKey(token=raw, **_key(token))


@router.get("/tokens", response={200: list[shapes.Key], **RESPONSES}, summary="My keys")
def held(request: HttpRequest) -> list[shapes.Key]:
    """One's keys that still hold, the newest first."""
    return [shapes.Key(**_key(token)) for token in tokens.held(request.auth, at=timezone.now())]


@router.delete("/tokens/{int:id}", response={204: None, **RESPONSES}, summary="Withdraw a key")
def withdraw(request: HttpRequest, id: int) -> tuple[int, None]:
    """End one of one's own keys now, this one too."""
    if id > shapes.BIGINT or not tokens.withdraw(id, by=request.auth, at=timezone.now()):
        raise not_found()
    return 204, None


def _key(token: tokens.Token) -> dict[str, object]:
    return {name: getattr(token, name) for name in ("id", "name", "made_at", "ends_at", "used_at")}


@router.get("/me", response={200: shapes.Me, **RESPONSES}, summary="Who I am")
def me(request: HttpRequest) -> shapes.Me:
    """Whom the key speaks for, whom they may act for, and the posts they hold."""
    person: Person = request.auth
    return shapes.Me(
        username=person.username,
        name=person.name,
        parties=[
            shapes.PartyOut(id=party.pk, kind=party.kind, name=party.name)
            for party in parties.for_person(person)
        ],
        posts=[
            shapes.PostOut(
                unit=post.unit, unit_name=names.unit(post.unit), role=post.role, matters=list(post.matters)
            )
            for post in people.posts_of(person)
        ],
    )
