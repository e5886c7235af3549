"""Who may do what towards a case: posts by day, by unit and by matter."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from yinuo.registers import people, units
from yinuo.registers.models import Person, Post

SIGN = "approvals/shop_sign"


@pytest.fixture
def wang(city: Any) -> Person:
    return Person.objects.create(username="wang", name="王某")


def post(person: Person, unit: str, role: str, **more: Any) -> Post:
    return Post.objects.create(
        person=person, unit_id=unit, role_id=role, **{"valid_from": date(2026, 1, 1), **more}
    )


def test_a_clerk_has_the_role_towards_cases_of_the_own_window_only(wang: Person) -> None:
    post(wang, "chengqu-window", "clerk")
    posts = people.posts_of(wang, on=date(2026, 11, 23))
    assert people.roles_towards(posts, units.path("chengqu-window"), SIGN) == {"clerk"}
    assert people.roles_towards(posts, units.path("zezhou-window"), SIGN) == frozenset()
    assert (
        people.roles_towards(posts, units.path("chengqu-approval"), SIGN) == frozenset()
    )  # above is not below


def test_an_approver_of_the_bureau_decides_for_its_window_too(wang: Person) -> None:
    post(wang, "chengqu-approval", "approver")
    posts = people.posts_of(wang)
    assert people.roles_towards(posts, units.path("chengqu-window"), SIGN) == {"approver"}


def test_a_post_for_one_matter_gives_nothing_towards_another(wang: Person) -> None:
    post(wang, "chengqu-window", "clerk", matters=[SIGN])
    posts = people.posts_of(wang)
    assert people.roles_towards(posts, units.path("chengqu-window"), SIGN) == {"clerk"}
    assert people.roles_towards(posts, units.path("chengqu-window"), "approvals/cafe") == frozenset()


def test_nobody_has_a_role_towards_a_case_that_no_unit_holds(wang: Person) -> None:
    post(wang, "jincheng-government", "supervisor")
    assert people.roles_towards(people.posts_of(wang), "", SIGN) == frozenset()


def test_a_post_counts_from_its_first_day_and_not_on_its_last(wang: Person) -> None:
    post(wang, "chengqu-window", "clerk", valid_from=date(2026, 3, 1), valid_to=date(2026, 10, 1))
    held = [bool(people.posts_of(wang, on=date(2026, *day))) for day in ((2, 28), (3, 1), (9, 30), (10, 1))]
    assert held == [False, True, True, False]


def test_a_closed_account_holds_no_post(wang: Person) -> None:
    post(wang, "chengqu-window", "clerk")
    Person.objects.filter(pk=wang.pk).update(is_active=False)
    assert people.posts_of(wang) == ()


def test_a_unit_that_ended_still_has_its_people_to_finish_its_cases(city: Any, wang: Person) -> None:
    post(wang, "chengqu-window", "clerk")
    city.unit("chengqu-window")["valid_to"] = "2026-07-01"
    city.load()
    posts = people.posts_of(wang, on=date(2026, 11, 23))
    assert people.roles_towards(posts, units.path("chengqu-window"), SIGN) == {"clerk"}


def test_the_same_post_is_not_held_twice_at_once_but_may_come_back(wang: Person) -> None:
    first = post(wang, "chengqu-window", "clerk")
    with pytest.raises(IntegrityError), transaction.atomic():
        post(wang, "chengqu-window", "clerk")
    first.valid_to = date(2026, 5, 1)
    first.save()
    post(wang, "chengqu-window", "clerk", valid_from=date(2026, 6, 1))


def test_a_post_cannot_end_before_it_begins(wang: Person) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        post(wang, "chengqu-window", "clerk", valid_to=date(2025, 12, 31))


def test_posts_cost_one_query(wang: Person, django_assert_num_queries: Any) -> None:
    post(wang, "chengqu-window", "clerk")
    with django_assert_num_queries(1):
        people.posts_of(wang)
