"""Access, against the rule as one would tell it to an official.

The rule, said apart from the code that keeps it:

1. The applicant, and whoever acts for them today, sees their cases; so does whoever opened a case.
2. A clerk, reviewer, approver, handler, dispatcher or grid worker sees the cases that their unit, or one
   below it, answers for or has ever held; with a post for some matters only, of those matters.
3. A supervisor or auditor sees the cases at their unit's place or below it.
4. Nobody else sees anything. An account that is closed sees nothing.
5. Written words are for the applicant and the officers of 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import lives
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lives import ELDER, FIRE, FOOD, LAMP, REGISTRATION, SHOP, START, Life, People, moment, opened, photo

from yinuo.ledger import models as ledger
from yinuo.registers import parties
from yinuo.registers.models import Person, Post, Unit
from yinuo.work import access, casefile, evidence, inbox, search
from yinuo.work.access import NotFound

HANDS = {"clerk", "reviewer", "approver", "handler", "dispatcher", "grid_worker"}
EYES = {"supervisor", "auditor"}


@dataclass(frozen=True)
class Fact:
    """A case as the rule speaks of it."""

    number: str
    matter: str
    place: str
    party: int | None
    opened_by: int | None
    units: frozenset[str]


@dataclass(frozen=True)
class Somebody:
    id: int
    active: bool
    posts: tuple[tuple[str, str, tuple[str, ...]], ...]
    acts_for: frozenset[int]


def stands_under(unit: str, above: str, parents: dict[str, str | None]) -> bool:
    at: str | None = unit
    while at is not None:
        if at == above:
            return True
        at = parents[at]
    return False


def place_is_under(place: str, above: str) -> bool:
    """Places by the sense of their codes: 140500 the city, 140502 a county, 140502003 a street."""
    if above.endswith("00") and len(above) == 6:
        return place == "" or place.startswith(above[:4])
    return place.startswith(above)


def hands_on(who: Somebody, case: Fact, parents: dict[str, str | None]) -> bool:
    return who.active and any(
        role in HANDS
        and (not matters or case.matter in matters)
        and any(stands_under(each, unit, parents) for each in case.units)
        for unit, role, matters in who.posts
    )


def applies(who: Somebody, case: Fact) -> bool:
    return case.party in who.acts_for if case.party is not None else case.opened_by == who.id


def sees(who: Somebody, case: Fact, parents: dict[str, str | None], places: dict[str, str]) -> bool:
    if not who.active:
        return False
    if case.opened_by == who.id or case.party in who.acts_for or hands_on(who, case, parents):
        return True
    return any(
        role in EYES and (not matters or case.matter in matters) and place_is_under(case.place, places[unit])
        for unit, role, matters in who.posts
    )


def reads(who: Somebody, case: Fact, parents: dict[str, str | None]) -> bool:
    return who.active and (applies(who, case) or hands_on(who, case, parents))


# --- a city to look at -------------------------------------------------------------------------------------


def many_cases(city: People) -> None:
    """Cases of every matter, at several places and steps, some closed, some with children."""
    for place in ("140502003", "140525100", "140581001", "140502007"):
        opened(SHOP, city["shimin"], "2026-03-02 09:00", place=place)
    decided = lives.sign_to_decision(city)
    decided.move("grant", city["shenpi"], "2026-03-03 09:00")
    opened(FOOD, city["qiye"], "2026-03-02 09:00").move("accept", city["chuangkou"], "2026-03-02 10:00")
    lives.works_in_joint(city)
    elder = opened(ELDER, city["laoren"], "2026-03-02 09:00")
    elder.move("accept", city["chuangkou_nanjie"], "2026-03-02 10:00")
    elder.move("pass", city["shencha_nanjie"], "2026-03-02 11:00", opinion="属实")
    opened(ELDER, city["laoren"], "2026-03-02 09:00", place="140525109")
    bundle = opened(START, city["qiye"], "2026-03-02 09:00")
    bundle.move("accept", city["chuangkou"], "2026-03-02 09:30")
    bundle.child(REGISTRATION).move(
        "register", city["shencha_shichang"], "2026-03-02 10:00", code="91140581MA0000055N"
    )
    lamp = opened(LAMP, city["shimin"], "2026-03-02 09:00")
    lamp.move("file", city["jiandu"], "2026-03-02 09:30")
    lamp.move("send", city["diaodu"], "2026-03-02 09:40", unit="chengqu-urban")
    lamp.move("fixed", city["chuzhi"], "2026-03-02 15:00", files=photo())
    opened(LAMP, city["laoren"], "2026-03-02 09:00", place="140525109")
    opened(LAMP, city["wangge"], "2026-03-02 09:00", place="140581001")


def odd_people(city: People) -> list[Person]:
    """Beside the demo's: several posts, posts for one matter, ended posts, heads of whole trees, nobodies."""
    ended = lives.employ("ended", ("chengqu-window", "clerk"))
    Post.objects.filter(person=ended).update(valid_to=date(2025, 1, 1))
    future = lives.employ("future", ("chengqu-window", "clerk"))
    Post.objects.filter(person=future).update(valid_from=date(2100, 1, 1))
    locked = lives.employ("locked", ("jincheng-government", "approver"))
    Person.objects.filter(pk=locked.pk).update(is_active=False)
    agent = lives.employ("agent")
    parties.join(parties.for_person(city["qiye"])[0], agent, "agent", on=lives.BEFORE_ALL)
    left = lives.employ("left")
    enterprise = parties.for_person(city["qiye_jianshe"])[0]
    parties.join(enterprise, left, "agent", on=lives.BEFORE_ALL)
    parties.leave(enterprise, left)
    return [
        ended,
        future,
        Person.objects.get(pk=locked.pk),
        agent,
        left,
        lives.employ("nobody"),
        lives.employ("mayor", ("jincheng-government", "approver")),
        lives.employ("county", ("chengqu-government", "reviewer")),
        lives.employ("food_only", ("chengqu-government", "approver"), matters=(FOOD,)),
        lives.employ("food_eyes", ("chengqu-supervision", "auditor"), matters=(FOOD,)),
        lives.employ("zezhou_eyes", ("zezhou-supervision", "supervisor")),
        lives.employ("two", ("zezhou-dayang", "grid_worker"), ("chengqu-fire", "reviewer")),
        lives.employ("keeper", ("jincheng-government", "admin")),
    ]


def fact(row: ledger.Case) -> Fact:
    return Fact(row.number, row.matter, row.place, row.party_id, row.opened_by, frozenset(row.units))


def somebody(person: Person, *, on: date) -> Somebody:
    posts = tuple(
        (post.unit_id, post.role_id, tuple(post.matters))
        for post in Post.objects.filter(person=person)
        if post.valid_from <= on and (post.valid_to is None or post.valid_to > on)
    )
    acts = frozenset(
        member.party_id
        for member in person.memberships.all()
        if member.valid_from <= on and (member.valid_to is None or member.valid_to > on)
    )
    return Somebody(person.pk, person.is_active, posts, acts)


@pytest.fixture
def everybody(city: People) -> list[Person]:
    many_cases(city)
    return [*city.values(), *odd_people(city)]


def tree() -> tuple[dict[str, str | None], dict[str, str]]:
    rows = list(Unit.objects.values_list("id", "parent_id", "place_id"))
    return {id_: parent for id_, parent, _ in rows}, {id_: place for id_, _, place in rows}


def test_every_way_to_a_case_keeps_the_same_rule_for_everybody(everybody: list[Person]) -> None:
    from django.utils import timezone

    today = timezone.localdate()
    parents, places = tree()
    rows = list(ledger.Case.objects.order_by("id"))
    numbers = {row.number: fact(row) for row in rows}
    assert len(rows) >= 18 and len(everybody) >= 70
    shown = 0
    for person in everybody:
        who = somebody(person, on=today)
        wanted = {number for number, case in numbers.items() if sees(who, case, parents, places)}
        assert set(access.cases_for(person).values_list("number", flat=True)) == wanted, person.username
        found = {row.number for row in search.matching(access.cases_for(person), "JC26")}
        assert found == wanted, person.username
        assert set(inbox.owed_by(person).values_list("number", flat=True)) <= wanted
        assert set(inbox.owed_by_party(person).values_list("number", flat=True)) <= wanted
        for row in rows:
            if row.number in wanted:
                assert access.case_for(person, f" {row.number.lower()} ").pk == row.pk
                may = reads(who, numbers[row.number], parents)
                assert access.may_read_words(person, row) == may, (person.username, row.number)
            else:
                with pytest.raises(NotFound):
                    access.case_for(person, row.number)
                with pytest.raises(NotFound):
                    access.case_with_id(person, row.pk)
        shown += len(wanted)
    assert shown > 100


def test_what_is_owed_in_an_inbox_can_be_moved_and_what_is_not_cannot(everybody: list[Person]) -> None:
    """An independent way to say it: a case is in my inbox when my unit holds it and I have a button."""
    now = moment("2026-03-03 09:00")
    rows = list(ledger.Case.objects.filter(closed_at__isnull=True))
    for person in everybody[::3]:
        owed = set(inbox.owed_by(person).values_list("pk", flat=True))
        mine = {post.unit_id for post in Post.objects.filter(person=person, valid_to__isnull=True)}
        for row in access.cases_for(person).filter(pk__in=[each.pk for each in rows]):
            file = casefile.of(row, person, now=now)
            buttons = [move for move in file.moves if "party" not in move.by]
            held = row.holder.removeprefix("unit:") in mine
            assert (row.pk in owed) == (held and bool(buttons)), (person.username, row.number)


def test_a_case_file_shows_words_names_and_papers_only_to_those_who_may_read_them(
    everybody: list[Person],
) -> None:
    now = moment("2026-03-03 09:00")
    masked = readable = 0
    for person in everybody:
        for row in access.cases_for(person):
            file = casefile.of(row, person, now=now)
            may = access.may_read_words(person, row)
            assert file.may_read_words == may
            if may:
                readable += 1
                assert file.form
                continue
            masked += 1
            assert (file.form, file.files, file.party) == ({}, [], None)
            assert all(line.words == {} and line.files == [] for line in file.lines)
            assert {line.hidden for line in file.lines} <= {"", "masked"}
            names = {"演示市民·李某", "演示老人·赵某", "演示企业·餐饮店", "演示企业·建设单位"}
            assert not names & {line.who for line in file.lines}
            for attachment in ledger.Attachment.objects.filter(case_id=row.pk):
                with pytest.raises(NotFound):
                    evidence.open_attachment(person, row.number, attachment.pk)
    assert masked > 20 and readable > 50


def test_a_related_case_is_named_but_opens_only_for_those_it_lets_in(everybody: list[Person]) -> None:
    now = moment("2026-03-03 09:00")
    for person in everybody:
        visible = set(access.cases_for(person).values_list("pk", flat=True))
        for row in access.cases_for(person):
            file = casefile.of(row, person, now=now)
            near = {each.pk for each in (*file.children, *([file.parent] if file.parent else []))}
            assert set(casefile.reachable(file, person)) == near & visible


def test_nobody_without_a_post_or_a_party_sees_anything(city: People) -> None:
    from django.contrib.auth.models import AnonymousUser

    many_cases(city)
    nobody: Any
    for nobody in (lives.employ("nobody"), city["guanli"], AnonymousUser()):
        assert not access.cases_for(nobody).exists()
        for row in ledger.Case.objects.all():
            with pytest.raises(NotFound):
                access.case_for(nobody, row.number)


def test_a_unit_that_passed_a_case_on_still_sees_it_and_one_that_never_had_it_does_not(city: People) -> None:
    life = lives.sign_to_decision(city)
    assert access.case_for(city["chuangkou"], life.number).pk == life.id
    for username in ("chuangkou_zezhou", "shencha_shichang", "chuangkou_nanjie", "shenpi_shi"):
        with pytest.raises(NotFound):
            access.case_for(city[username], life.number)


def test_an_opinions_unit_sees_the_opinion_and_not_the_whole_permit(city: People) -> None:
    life = lives.works_in_joint(city)
    fire = life.child(FIRE)
    assert access.case_for(city["shencha_xiaofang"], fire.number).pk == fire.id
    with pytest.raises(NotFound):
        access.case_for(city["shencha_xiaofang"], life.number)
    file = casefile.open_file(city["shencha_xiaofang"], fire.number, now=moment("2026-03-03 09:00"))
    assert file.parent is not None and casefile.reachable(file, city["shencha_xiaofang"]) == set()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_set_of_posts_keeps_the_rule(db: None, data: st.DataObject) -> None:
    """Posts nobody has thought of: any units, roles, matters and days, for somebody who acts for anybody."""
    from django.db import transaction
    from django.utils import timezone

    with transaction.atomic():
        sid = transaction.savepoint()
        city = lives.move_in()
        cases = _few(city)
        parents, places = tree()
        units = sorted(
            {unit for case in cases for unit in case.row.units} | {"jincheng-government", "chengqu-fire"}
        )
        above = sorted({parents[unit] for unit in units if parents[unit]})
        person = lives.employ("anybody")
        chosen = data.draw(
            st.lists(
                st.tuples(
                    st.sampled_from(units + above),
                    st.sampled_from(sorted(HANDS | EYES | {"admin"})),
                    st.sampled_from([(), (SHOP,), (FOOD, LAMP)]),
                    st.sampled_from([date(2024, 1, 1), date(2100, 1, 1)]),
                ),
                max_size=4,
                unique_by=lambda post: post[:2],
            )
        )
        for unit, role, matters, since in chosen:
            Post.objects.create(
                person=person, unit_id=unit, role_id=role, matters=list(matters), valid_from=since
            )
        for username in data.draw(st.sets(st.sampled_from(["qiye", "qiye_jianshe"]), max_size=2)):
            parties.join(parties.for_person(city[username])[0], person, "agent", on=lives.BEFORE_ALL)
        who = somebody(person, on=timezone.localdate())
        for case in cases:
            known = fact(case.row)
            visible = access.cases_for(person).filter(pk=case.id).exists()
            assert visible == sees(who, known, parents, places), (chosen, known)
            if visible:
                assert access.may_read_words(person, case.row) == reads(who, known, parents), (chosen, known)
        transaction.savepoint_rollback(sid)


def _few(city: People) -> list[Life]:
    return [
        opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140525100"),
        lives.sign_to_decision(city),
        opened(FOOD, city["qiye"], "2026-03-02 09:00"),
        opened(LAMP, city["laoren"], "2026-03-02 09:00", place="140581001"),
    ]
