"""People and papers for the tests of the citizen's pages."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from yinuo.registers import parties
from yinuo.registers.models import Person, Post

SHOP = {
    "shop_name": "李记面馆",
    "place": "140502003",
    "address": "某某街 12 号一层",
    "sign_text": "李记面馆",
    "width": "3.60",
    "height": "0.90",
    "lit": False,
    "phone": "13812345678",
}
MATERIALS = ("effect_picture", "site_photo", "right_to_use")
IDS = {"lixiang": "140502199001010019", "wangwu": "140502194403080025"}


def citizen(username: str = "lixiang", *, name: str = "李响") -> Person:
    """Somebody with a party of their own, who can apply."""
    person = Person.objects.create_user(username=username, password="correct horse", name=name)
    party = parties.create("person", name, IDS[username])
    parties.join(party, person, "self")
    return person


def party_of(person: Person) -> Any:
    return parties.for_person(person)[0]


def officer(username: str, role: str, unit: str) -> Person:
    person = Person.objects.create_user(username=username, password="correct horse", name=f"{username}员")
    Post.objects.create(person=person, unit_id=unit, role_id=role)
    return person


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def photo(name: str = "门面.jpg", *, colour: tuple[int, int, int] = (80, 120, 90)) -> SimpleUploadedFile:
    """A real picture; another colour is another file."""
    drawn = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(drawn, "JPEG")
    return SimpleUploadedFile(name, drawn.getvalue(), content_type="image/jpeg")


def begin(client: Client, person: Person, matter: str = "approvals/shop_sign") -> str:
    """The address of a fresh draft's task list."""
    answer = client.post(f"/matters/{matter}/start/", {"party": party_of(person).pk})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.url)


def posted(answers: dict[str, Any]) -> dict[str, Any]:
    """Answers as a browser posts them."""
    said = {True: "true", False: "false"}
    return {name: said[value] if isinstance(value, bool) else value for name, value in answers.items()}


def fill(client: Client, draft: str, answers: dict[str, Any] | None = None, *, files: bool = True) -> None:
    """Every page of a shop sign's draft, right."""
    answers = posted({**SHOP, **(answers or {})})
    pages = (
        ("1", ("shop_name", "place", "address")),
        ("2", ("sign_text", "width", "height", "lit")),
        ("3", ("phone",)),
    )
    for page, names in pages:
        data = {name: answers[name] for name in names}
        done = client.post(f"{draft}{page}/", {"_page": page, **data})
        assert done.status_code == 302, done.content.decode()
    if files:
        colours = ((200, 60, 40), (40, 120, 60), (20, 30, 90))
        sent = {f"m-{id_}": photo(f"{id_}.jpg", colour=colour) for id_, colour in zip(MATERIALS, colours)}
        done = client.post(f"{draft}4/", {"_page": "4", **sent})
        assert done.status_code == 302, done.content.decode()


def submit(client: Client, draft: str) -> str:
    """Declare and submit; the case's number."""
    answer = client.post(f"{draft}check/", {"declared": "yes"})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.url).split("/")[2]


def apply(client: Client, person: Person) -> str:
    """A whole application for a shop sign; the case's number."""
    draft = begin(client, person)
    fill(client, draft)
    return submit(client, draft)
