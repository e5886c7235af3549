"""What a unit owes, in order and without loss, and what people find by typing."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import lives
import pytest
from lives import ELDER, FOOD, LAMP, SHOP, WORKS, Life, People, opened, refused, ticked

from yinuo.ledger import models as ledger
from yinuo.registers.models import Person
from yinuo.work import access, cases, inbox, search
from yinuo.work.inbox import Filter

LAST = datetime(9999, 1, 1, tzinfo=UTC)


def every_page(person: Person, narrowed: Filter | None = None, *, size: int) -> list[ledger.Case]:
    found: list[ledger.Case] = []
    mark = None
    for _ in range(200):
        rows, mark = inbox.page(person, narrowed=narrowed or Filter(), after=mark, size=size)
        assert len(rows) <= size
        found += rows
        if mark is None:
            return found
    raise AssertionError("the inbox never ends")


def many(city: People, count: int = 23) -> list[Life]:
    """Shop signs received on different days, some at the very same instant, and some paused works."""
    chance = random.Random(7)
    made = []
    for number in range(count):
        day = chance.choice(["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-05"])
        made.append(opened(SHOP, city["shimin"], f"{day} 09:00", shop_name=f"店{number}"))
    for _ in range(4):
        works = opened(WORKS, city["qiye_jianshe"], "2026-03-02 09:00")
        works.move("accept", city["chuangkou"], "2026-03-02 10:00")
        works.move("to_expert", city["shencha"], "2026-03-02 11:00", reason="评审", days=5)
        made.append(works)
    return made


# --- the inbox ---------------------------------------------------------------------------------------------


def test_the_most_urgent_comes_first_and_what_has_no_date_last(city: People) -> None:
    made = many(city)
    for life in made[:6]:
        life.move("accept", city["chuangkou"], "2026-03-05 10:00")
    found = every_page(city["shencha"], size=100)
    keys = [(row.due_at or LAST, row.pk) for row in found]
    assert keys == sorted(keys)
    assert len(found) == 6 + 4


@pytest.mark.parametrize("size", [1, 2, 3, 7, 30])
def test_turning_pages_loses_nothing_and_repeats_nothing(city: People, size: int) -> None:
    many(city)
    whole = [row.pk for row in every_page(city["chuangkou"], size=1000)]
    assert len(whole) == len(set(whole)) == 23
    assert [row.pk for row in every_page(city["chuangkou"], size=size)] == whole


def test_a_case_that_leaves_while_one_reads_takes_no_other_with_it(city: People) -> None:
    made = many(city)
    first, mark = inbox.page(city["chuangkou"], narrowed=Filter(), size=5)
    gone = next(life for life in made if life.id == first[0].pk)
    gone.move("accept", city["chuangkou"], "2026-03-05 10:00")
    seen = [row.pk for row in first]
    while mark is not None:
        rows, mark = inbox.page(city["chuangkou"], narrowed=Filter(), after=mark, size=5)
        seen += [row.pk for row in rows]
    assert sorted(seen) == sorted(life.id for life in made[:23])


def test_only_what_ones_role_can_do_something_about_is_there(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    life.move("accept", city["chuangkou"], "2026-03-02 10:00")
    assert [row.pk for row in every_page(city["shencha"], size=10)] == [life.id]  # pass
    assert [row.pk for row in every_page(city["shenpi"], size=10)] == [life.id]  # extend
    assert every_page(city["chuangkou"], size=10) == []
    life.move("pass", city["shencha"], "2026-03-02 11:00", opinion="可")
    assert every_page(city["shencha"], size=10) == []
    assert [row.pk for row in every_page(city["shenpi"], size=10)] == [life.id]


def test_what_waits_for_the_applicant_is_in_their_list_and_in_no_inbox(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    assert list(inbox.owed_by_party(city["shimin"])) == []
    life.move("ask", city["chuangkou"], "2026-03-02 10:00", reason="缺照片")
    assert every_page(city["chuangkou"], size=10) == []
    assert [row.pk for row in inbox.owed_by_party(city["shimin"])] == [life.id]
    assert list(inbox.owed_by_party(city["qiye"])) == []


def test_somebody_of_two_units_has_both_in_one_list(city: People) -> None:
    both = lives.employ("both", ("chengqu-window", "clerk"), ("chengqu-approval", "reviewer"))
    intake = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    review = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    review.move("accept", city["chuangkou"], "2026-03-02 10:00")
    decide = lives.sign_to_decision(city)  # an approver's, not theirs
    elsewhere = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140525100")
    found = {row.pk for row in every_page(both, size=10)}
    assert found == {intake.id, review.id}
    assert not found & {decide.id, elsewhere.id}


def test_a_post_for_one_matter_shows_no_other(city: People) -> None:
    only = lives.employ("only", ("chengqu-window", "clerk"), matters=(FOOD,))
    opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    food = opened(FOOD, city["qiye"], "2026-03-02 09:00")
    assert [row.pk for row in every_page(only, size=10)] == [food.id]
    assert [row.pk for row in access.cases_for(only)] == [food.id]
    with refused("not_yours"):
        opened(SHOP, city["shimin"], "2026-03-02 09:00").move("accept", only, "2026-03-02 10:00")


def test_filters_narrow_and_counts_agree_with_them(city: People) -> None:
    made = many(city)
    food = opened(FOOD, city["qiye"], "2026-03-04 09:00")
    cases.claim(case=made[0].id, by=city["chuangkou"], at=lives.moment("2026-03-05 10:00"), expecting=1)
    ticked("2026-03-06 00:00")
    clerk = city["chuangkou"]
    whole = every_page(clerk, size=1000)
    counts = inbox.counts(inbox.owed_by(clerk))
    assert counts[""] == len(whole) == 24
    for light in ("red", "yellow", "green", "grey"):
        found = every_page(clerk, Filter(light=light), size=10)
        assert len(found) == counts[light]
        assert {row.light for row in found} <= {light}
    assert counts["red"] and counts["yellow"]
    assert [row.pk for row in every_page(clerk, Filter(matter=FOOD), size=10)] == [food.id]
    assert [row.pk for row in every_page(clerk, Filter(mine="1"), size=10)] == [made[0].id]
    assert len(every_page(clerk, Filter(mine="0"), size=10)) == 23
    wanted = {row.pk for row in whole if "店1" in row.title}
    found_by_words = every_page(clerk, Filter(words="店1"), size=3)
    assert {row.pk for row in found_by_words} == wanted and len(wanted) > 3


# --- search ------------------------------------------------------------------------------------------------


def test_every_two_characters_of_a_title_find_it(city: People) -> None:
    titles = ["老李面馆", "晋城泽州铁货博物馆", "巴公镇烧土大食堂", "Coffee晨光", "十八里街3号小吃"]
    made = {name: opened(SHOP, city["shimin"], "2026-03-02 09:00", shop_name=name) for name in titles}
    every = access.cases_for(city["shimin"])
    for name, life in made.items():
        title = life.row.title
        assert name in title
        pieces = {title[at : at + 2] for at in range(len(title) - 1)}
        for piece in pieces:
            if piece.isalnum():  # a mark between two words is nothing to look for
                found = set(search.matching(every, piece).values_list("pk", flat=True))
                assert life.id in found, (piece, title)
        others = {other.id for other in made.values()} - {life.id}
        assert not others & set(search.matching(every, name).values_list("pk", flat=True))


def test_the_beginning_of_a_number_finds_it_however_it_is_typed(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    other = opened(SHOP, city["shimin"], "2026-04-02 09:00")
    every = access.cases_for(city["shimin"])
    # A short piece may stand elsewhere in another number, too: what was meant is never missing.
    assert {life.id, other.id} == set(search.matching(every, "JC26").values_list("pk", flat=True))
    for typed in (life.number, life.number.lower(), f"  {life.number} ", life.number[:15], "jc2603", "JC26"):
        found = list(search.matching(every, typed).values_list("pk", flat=True))
        assert life.id in found, typed


def test_nothing_typed_narrows_nothing_and_rubbish_finds_nothing(city: People) -> None:
    opened(SHOP, city["shimin"], "2026-03-02 09:00")
    every = access.cases_for(city["shimin"])
    assert search.matching(every, "  ").count() == 1
    for rubbish in ("'", "\\", "a' | 'b", "!!!", "& | :*", "%", "_", "\0店", "不存在的店", "😀", "'; drop--"):
        assert search.matching(every, rubbish).count() == (1 if rubbish == "\0店" else 0), rubbish


def test_all_that_was_typed_must_be_there(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", shop_name="老李面馆")
    every = access.cases_for(city["shimin"])
    assert [row.pk for row in search.matching(every, "面馆 店招")] == [life.id]
    assert not search.matching(every, "面馆 路灯").exists()


def test_a_persons_name_does_not_find_their_case(city: People) -> None:
    elder = opened(ELDER, city["laoren"], "2026-03-02 09:00", elder_name="赵某")
    every = access.cases_for(city["laoren"])
    assert not search.matching(every, "赵某").exists()
    assert [row.pk for row in search.matching(every, "高龄津贴")] == [elder.id]


def test_people_find_the_matter_by_the_words_they_use(city: People) -> None:
    for typed, wanted in (
        ("招牌", SHOP),
        ("门头", SHOP),
        ("我想装个招牌", SHOP),
        ("开饭店", FOOD),
        ("高龄津贴", ELDER),
        ("路灯不亮", LAMP),
        ("shop sign", SHOP),
    ):
        assert search.matters_for(typed)[0].id == wanted, typed
    assert search.matters_for("") == []
    assert search.matters_for("量子力学") == []
    offered = {matter.id for matter in search.offered()}
    assert lives.FIRE not in offered and SHOP in offered
