"""一件事 in a case file: one date, the child all wait for, and how far the other may slip."""

from __future__ import annotations

from lives import SEAL, START, TAX, People, moment, opened

from yinuo.work import casefile


def test_the_page_of_one_thing_says_which_office_all_wait_for_and_how_far_the_other_may_slip(
    city: People,
) -> None:
    life = opened(START, city["qiye"], "2026-03-02 09:00")
    looking = {"now": moment("2026-03-02 12:00"), "lang": "zh"}
    assert casefile.open_file(city["qiye"], life.number, **looking).bundle is None, "nothing is forked yet"

    life.move("accept", city["chuangkou"], "2026-03-02 09:30")
    licence = life.children[0]
    seen = casefile.open_file(city["qiye"], life.number, **looking).bundle
    assert seen is not None and seen.blocking == licence.number

    licence.move("register", city["shencha_shichang"], "2026-03-02 10:00", code="91140581MA0000055N")
    seal, tax = life.child(SEAL), life.child(TAX)
    seen = casefile.open_file(city["qiye"], life.number, **looking).bundle
    assert seen is not None and seen.due is not None
    assert seen.slack.keys() == {seal.number, tax.number}, "the licence is done and has no slack"
    assert seen.due.at == max(
        each.head.case.dates["promised"].at
        for each in (life, seal, tax)
        if "promised" in each.head.case.dates
    )

    tax.move("confirm", city["shencha_shuiwu"], "2026-03-02 15:30")
    late = casefile.open_file(city["qiye"], life.number, now=moment("2026-03-31 09:00"), lang="zh").bundle
    assert late is not None and late.blocking == seal.number
    assert late.slack.keys() == {seal.number}
