"""Demo people: there when they are wanted, locked out when not, and never in the way of a real account."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth import authenticate, hashers
from django.core.exceptions import ImproperlyConfigured

from yinuo.ops import demo
from yinuo.registers import parties, people
from yinuo.registers.models import PartyMember, Person, Post

PACK = Path(__file__).resolve().parents[2] / "packs" / "jincheng"


@pytest.fixture
def demo_city(city: Any, settings: Any) -> Any:
    settings.DEMO = True
    settings.PACK = PACK
    # Argon2 is slow on purpose, and what is tested here is who has which account.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return city


def people_file(folder: Path, rows: list[dict[str, Any]]) -> Path:
    (folder / "people.yaml").write_text(yaml.safe_dump({"demo": True, "people": rows}, allow_unicode=True))
    return folder


CLERK = {"username": "chuangkou", "name": "演示窗口", "roles": ["clerk"], "unit": "chengqu-window"}


def test_everybody_in_the_pack_can_sign_in(demo_city: Any) -> None:
    found = demo.ensure()
    listed = yaml.safe_load((PACK / "people.yaml").read_text())["people"]
    assert [sign.username for sign in found] == [row["username"] for row in listed]
    for sign in found:
        assert authenticate(username=sign.username, password=sign.password) is not None, sign
    assert next(sign.who for sign in found if sign.username == "chuangkou") == (
        "演示窗口·王某（城区政务服务中心，窗口人员）"
    )


def test_officers_get_their_posts_and_citizens_their_parties(demo_city: Any) -> None:
    demo.ensure()
    clerk = Person.objects.get(username="chuangkou")
    assert [(post.unit, post.role) for post in people.posts_of(clerk)] == [("chengqu-window", "clerk")]
    citizen, shop = Person.objects.get(username="shimin"), Person.objects.get(username="qiye")
    assert [party.name for party in parties.for_person(citizen)] == ["李某（演示）"]
    assert people.posts_of(citizen) == ()
    assert PartyMember.objects.get(person=citizen).role == "self"
    assert PartyMember.objects.get(person=shop).role == "legal"


def test_asking_again_changes_nothing_and_hashes_nothing(demo_city: Any, monkeypatch: Any) -> None:
    first = demo.ensure()
    before = list(Person.objects.order_by("id").values_list("id", "password", "is_active"))
    posts = Post.objects.count()
    monkeypatch.setattr(demo, "make_password", lambda *_: pytest.fail("hashed again"))
    assert demo.ensure() == first
    assert list(Person.objects.order_by("id").values_list("id", "password", "is_active")) == before
    assert Post.objects.count() == posts


def test_the_password_is_hashed_once_for_all(demo_city: Any, monkeypatch: Any) -> None:
    hashed = []
    monkeypatch.setattr(demo, "make_password", lambda raw: hashed.append(raw) or hashers.make_password(raw))
    demo.ensure()
    assert hashed == ["yinuo-demo"]


def test_a_password_that_somebody_changed_is_the_known_one_again(demo_city: Any) -> None:
    demo.ensure()
    clerk = Person.objects.get(username="chuangkou")
    clerk.set_password("something else entirely")
    clerk.save()
    demo.ensure()
    assert authenticate(username="chuangkou", password=demo.PASSWORD) is not None


def test_with_demo_off_nobody_is_made_and_the_old_ones_are_locked_out(demo_city: Any, settings: Any) -> None:
    signs = demo.ensure()
    real = Person.objects.create_user(username="real", name="真人", password="a long real password")
    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured, match="DEMO"):
        demo.ensure()
    assert demo.remove() == len(signs)
    assert demo.remove() == 0
    assert authenticate(username="chuangkou", password=demo.PASSWORD) is None
    assert people.posts_of(Person.objects.get(username="chuangkou")) == ()
    assert authenticate(username="real", password="a long real password") == real


def test_locking_out_ends_a_session_that_is_open(demo_city: Any, client: Any) -> None:
    from django.contrib.auth import SESSION_KEY, get_user

    demo.ensure()
    assert client.login(username="chuangkou", password=demo.PASSWORD)
    demo.remove()
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = client.session
    assert SESSION_KEY in request.session
    assert not get_user(request).is_authenticated


def test_after_locking_out_the_demo_can_be_opened_again(demo_city: Any) -> None:
    demo.ensure()
    demo.remove()
    demo.ensure()
    assert authenticate(username="chuangkou", password=demo.PASSWORD) is not None


def test_a_real_persons_account_is_never_taken_over(demo_city: Any) -> None:
    Person.objects.create_user(username="chuangkou", name="真人", password="a long real password")
    with pytest.raises(ImproperlyConfigured, match="chuangkou"):
        demo.ensure()
    assert not Person.objects.filter(demo=True).exists()
    assert authenticate(username="chuangkou", password="a long real password") is not None


def test_who_leaves_the_file_is_locked_and_who_moves_changes_posts(demo_city: Any, tmp_path: Path) -> None:
    other = {"username": "shenpi", "name": "演示审批", "roles": ["approver"], "unit": "chengqu-approval"}
    demo.ensure(people_file(tmp_path, [CLERK, other]))
    demo.ensure(people_file(tmp_path, [{**CLERK, "unit": "zezhou-window"}]))
    clerk = Person.objects.get(username="chuangkou")
    assert [post.unit for post in people.posts_of(clerk)] == ["zezhou-window"]
    assert Post.objects.get(person=clerk, unit="chengqu-window").valid_to is not None
    assert not Person.objects.get(username="shenpi").is_active


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"unit": "atlantis"}, "chuangkou: unit: 'atlantis'"),
        ({"roles": ["wizard"]}, "chuangkou: roles: 'wizard'"),
        ({"unit": None}, "chuangkou: unit: is missing"),
        ({"name": ""}, "chuangkou: name: is missing"),
    ],
)
def test_a_wrong_row_is_named(demo_city: Any, tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        demo.ensure(people_file(tmp_path, [{**CLERK, **change}]))
    assert not Person.objects.filter(demo=True).exists()


def test_a_city_without_demo_people_has_none(demo_city: Any, tmp_path: Path) -> None:
    assert demo.ensure(tmp_path) == []
    assert date.today() and not Person.objects.filter(demo=True).exists()
