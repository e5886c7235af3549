"""Each officer sees what the post gives, and no more."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from office_city import SIGN, jpeg, moved, opened, people, person, sign_at, signed_in, url

from yinuo.faces.office import record
from yinuo.ledger.models import Case
from yinuo.registers.models import Post
from yinuo.work import casefile, cases

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def city(db: None) -> None:
    people()


def said(response: object) -> str:
    """The page's text without tags, for looking for words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))  # type: ignore[attr-defined]


def test_a_clerk_finds_a_new_application_in_the_inbox_with_its_light_and_its_case_beside_it() -> None:
    case = opened()
    page = signed_in("chuangkou").get("/office/")
    text = said(page)
    assert page.status_code == 200
    assert case.number in text and "设置店招标牌：老李面馆" in text and "收件核对" in text
    assert 'data-open href="/office/cases/' in page.content.decode()  # without scripts the title leads there
    assert f'hx-get="{url(case)}?pane=1' in page.content.decode()
    assert "一次性告知补正" in text  # the first case stands open on the right


def test_a_stranger_is_sent_to_sign_in_and_a_citizen_learns_that_there_is_no_post() -> None:
    from django.test import Client

    assert Client().get("/office/").status_code == 302
    page = signed_in("shimin").get("/office/")
    assert page.status_code == 403
    assert "没有任何岗位" in said(page)


def test_somebody_whose_post_ended_gets_the_same_clear_page() -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Post.objects.filter(person=person("chuangkou")).update(valid_to=yesterday)
    assert signed_in("chuangkou").get("/office/").status_code == 403


@pytest.mark.parametrize("path", ["", "?pane=1", "grant/", "act/note/", "act/assign/", "act/correct/"])
def test_a_reviewer_of_another_bureau_gets_404_for_a_case_that_is_not_theirs(path: str) -> None:
    case = sign_at("decide")
    assert signed_in("shencha_zhujian").get(url(case, path)).status_code == 404
    assert signed_in("shencha_zhujian").get("/office/cases/JC990101-000001-A/").status_code == 404


def test_a_reviewer_of_another_bureau_cannot_move_what_they_cannot_see() -> None:
    case = sign_at("decide")
    answer = signed_in("shencha_zhujian").post(url(case, "grant/"), {"expecting": case.seq})
    assert answer.status_code == 404
    assert Case.objects.get(pk=case.pk).seq == case.seq


def test_a_supervisor_sees_every_case_of_the_place_but_may_not_move_it() -> None:
    case = opened()
    supervisor = signed_in("ducha_chengqu")
    page = supervisor.get(url(case))
    assert page.status_code == 200
    assert "这一件现在没有您能办的动作" in said(page)
    assert "data-key" not in page.content.decode().split('id="main"')[1].split("keys-help")[0]
    assert supervisor.get(url(case, "accept/")).status_code == 403
    answer = supervisor.post(url(case, "accept/"), {"expecting": case.seq})
    assert answer.status_code == 422
    assert "不由您办理" in said(answer)
    assert Case.objects.get(pk=case.pk).step == "intake"


def test_an_auditor_sees_what_was_done_but_no_personal_words() -> None:
    case = moved(sign_at("review"), "pass", "shencha", opinion="隐语：现场看过")
    page = signed_in("shenji").get(url(case))
    text = page.content.decode()
    assert page.status_code == 200
    assert "审查完毕，报请决定" in text and "演示审批局审查·张某" in text
    for word in ("隐语：现场看过", "李某（演示）", SIGN["phone"], SIGN["address"], "140502199001010019"):
        assert word not in text
    assert "内容只给承办过此件的单位看" in text


def test_an_officer_of_the_unit_reads_the_answers_with_the_identity_number_masked_first() -> None:
    case = sign_at("review")
    text = signed_in("shencha").get(url(case)).content.decode()
    assert "演示街 12 号一层" in text
    assert "1405**********0019" in text
    assert re.search(r"<details[^>]*>\s*<summary>显示</summary>\s*<span[^>]*>140502199001010019", text)


def test_the_side_bar_shows_only_what_the_person_may_use() -> None:
    opened()

    def items(username: str, path: str = "/office/matters/") -> list[str]:
        text = signed_in(username).get(path).content.decode()
        nav = text.split('aria-label="工作栏目"')[1].split("</nav>")[0]
        return re.findall(r'href="(/office/[a-z]*/?)"', nav)

    assert items("chuangkou") == ["/office/", "/office/cases/", "/office/figures/", "/office/matters/"]
    assert items("ducha") == ["/office/cases/", "/office/figures/", "/office/ledger/", "/office/matters/"]
    assert items("shenji") == ["/office/cases/", "/office/figures/", "/office/ledger/", "/office/matters/"]
    assert items("guanli") == ["/office/matters/"]


@pytest.mark.parametrize("path", ["cases/", "figures/", "ledger/", "cases/export.csv"])
def test_an_administrator_keeps_the_pack_and_sees_no_case(path: str) -> None:
    opened()
    assert signed_in("guanli").get(f"/office/{path}").status_code == 403


def test_a_clerk_has_no_way_into_the_ledgers_own_pages() -> None:
    assert signed_in("chuangkou").get("/office/ledger/").status_code == 403
    assert signed_in("chuangkou").post("/office/ledger/seal/").status_code == 403
    assert signed_in("ducha").post("/office/ledger/seal/").status_code == 403  # only the auditor seals


def test_the_auditor_verifies_seals_and_sees_a_touched_case_named() -> None:
    case = sign_at("review")
    auditor = signed_in("shenji")
    assert "全部一致" in said(auditor.get("/office/ledger/?verify=1"))
    assert auditor.post("/office/ledger/seal/").status_code == 302
    page = said(auditor.get("/office/ledger/"))
    assert "已封存：第 1 号" in page
    Case.objects.filter(pk=case.pk).update(holder="unit:chengqu-fire")
    page = said(auditor.get("/office/ledger/?verify=1"))
    assert "处不一致" in page and case.number in page and "holder" in page
    assert "完整性：有问题" in said(auditor.get(url(case)))


def test_a_case_says_that_its_own_chain_was_checked_and_shows_every_digest() -> None:
    case = sign_at("decide")
    page = signed_in("shenpi").get(url(case))
    text = page.content.decode()
    assert "完整性：已核对" in text
    assert all(line.digest in text for line in casefile.of(case, person("shenpi"), now=timezone.now()).lines)


def test_who_held_it_for_how_long_adds_up_to_the_whole_life() -> None:
    long_ago = timezone.now() - timedelta(days=3)
    case = opened(at=long_ago)
    case = moved(case, "accept", "chuangkou", at=long_ago + timedelta(days=1))
    case = moved(case, "pass", "shencha", at=long_ago + timedelta(days=2), opinion="同意")
    now = timezone.now()
    file = casefile.of(case, person("shenpi"), now=now)
    held = record.held(file, now=now)
    assert [each["label"] for each in held] == ["城区政务服务中心", "城区行政审批服务管理局"]
    shares = [int(re.search(r"(\d+)%", each["text"]).group(1)) for each in held]  # type: ignore[union-attr]
    assert sum(shares) == 100
    assert sum(each["value"] for each in held) == pytest.approx((now - case.opened_at).total_seconds(), abs=1)


@pytest.mark.parametrize(
    "shares", [[1.0], [1 / 3, 1 / 3, 1 / 3], [0.005, 0.995], [0.125] * 8, [0.0, 1.0], [1 / 7] * 7]
)
def test_whole_percents_always_add_up_to_a_hundred(shares: list[float]) -> None:
    whole = record.percents(shares)
    assert sum(whole) == 100
    assert all(abs(percent - share * 100) < 1 for percent, share in zip(whole, shares, strict=True))


def test_every_running_date_explains_itself_on_the_page() -> None:
    case = sign_at("review")
    text = said(signed_in("shencha").get(url(case)))
    assert "承诺时限" in text and "法定时限" in text and "本环节时限" in text
    assert text.count("为什么是这一天") == 3
    assert "个工作日" in text and "行政许可法 §42" in text


def test_a_closed_case_shows_its_outcome_and_no_moves() -> None:
    case = sign_at("closed")
    page = signed_in("chuangkou").get(url(case))
    text = page.content.decode()
    assert "准予" in text and "承诺时限内" in text
    assert "data-key" not in text.split('id="main"')[1].split("keys-help")[0]
    assert "店招设置许可" in text  # the record it put
    answer = signed_in("chuangkou").get(url(case, "deliver/"))
    assert answer.status_code == 403
    assert "已经办结" in said(answer)


def test_a_step_a_person_has_no_move_at_is_not_in_their_inbox() -> None:
    case = sign_at("decide")
    assert case.number not in said(signed_in("shencha").get("/office/"))
    assert case.number in said(signed_in("shenpi").get("/office/"))


def test_the_inbox_narrows_by_light_matter_mine_and_words_and_counts_what_it_shows() -> None:
    late = opened(at=timezone.now() - timedelta(days=30), form={**SIGN, "shop_name": "迟到书店"})
    cases.settle(late.pk, at=timezone.now())
    fresh = opened(form={**SIGN, "shop_name": "新开花店"})
    clerk = signed_in("shencha")  # the late one was deemed accepted and now lies with the examiner
    assert late.number in said(clerk.get("/office/?light=red"))
    assert fresh.number not in said(clerk.get("/office/"))
    window = signed_in("chuangkou")
    assert fresh.number in said(window.get("/office/?q=新开花店"))
    assert fresh.number in said(window.get(f"/office/?q={fresh.number[:10]}"))
    assert fresh.number not in said(window.get("/office/?q=没有这家"))
    assert "这样筛选，一件也没有" in said(window.get("/office/?mine=1"))
    assert fresh.number in said(window.get("/office/?mine=0&matter=approvals/shop_sign"))
    assert "全部 1" in said(window.get("/office/"))


def test_thirty_to_a_page_and_the_next_page_goes_on_where_the_first_ended() -> None:
    made = [opened(form={**SIGN, "shop_name": f"第{n}店"}, papers=()) for n in range(33)]
    clerk = signed_in("chuangkou")
    first = clerk.get("/office/").content.decode()
    numbers = re.findall(r'data-item="([^"]+)"', first)
    more = re.search(r'rel="next" href="([^"]+)"', first)
    assert len(numbers) == 30 and more is not None
    second = re.findall(
        r'data-item="([^"]+)"', clerk.get("/office/" + more.group(1).replace("&amp;", "&")).content.decode()
    )
    assert sorted(numbers + second) == sorted(case.number for case in made)


@pytest.mark.parametrize("after", ["x", "~", "2026-01-01~5", "~-1", "9999~9", "2026-13-01T00:00:00+00:00~1"])
def test_a_page_mark_that_makes_no_sense_begins_at_the_beginning(after: str) -> None:
    case = opened()
    page = signed_in("chuangkou").get("/office/", {"after": after, "light": "pink", "mine": "7"})
    assert page.status_code == 200 and case.number in said(page)


def test_matters_show_their_drawing_versions_and_examples() -> None:
    clerk = signed_in("chuangkou")
    assert "设置店招标牌" in said(clerk.get("/office/matters/?q=店招"))
    page = clerk.get("/office/matters/approvals/shop_sign/")
    text = page.content.decode()
    assert page.status_code == 200
    assert '<svg class="flow"' in text and "一次性告知补正" in text
    assert "现行" in text and "五一前受理，第五个工作日是调休上班的星期六" in text
    assert clerk.get("/office/matters/no/such/").status_code == 404
    assert clerk.get("/office/matters/approvals/shop_sign/?version=99").status_code == 404


def test_the_approvers_filled_button_is_to_grant_and_it_stands_first() -> None:
    page = signed_in("shenpi").get(url(sign_at("decide"))).content.decode()
    buttons = re.findall(r'class="btn ([a-z-]*)"[^>]*>([^<…]+)', page.split('<div class="acts">')[1])
    assert buttons[:3] == [("", "准予许可"), ("btn-line", "退回补充审查"), ("btn-danger", "不予许可")]


def test_a_handlers_filled_button_is_mended_and_not_to_give_the_work_back() -> None:
    lamp = {"place": "140502001", "position_text": "演示路口", "problem": "dark", "lights": 1}
    case = moved(opened("reports/street_light", lamp, papers=(), party=False), "file", "jiandu")
    case = moved(case, "send", "diaodu", unit="chengqu-urban")
    page = signed_in("chuzhi").get(url(case))
    first = re.search(r'class="btn "[^>]*>([^<…]+)', page.content.decode())
    assert first is not None and first[1] == "修好了，请核查"
    assert "修好时限" in said(page) and ">repair<" not in page.content.decode()


def test_nothing_offers_to_add_words_where_every_move_already_asks_for_them() -> None:
    case = sign_at("review")
    assert "写意见或附文件后再办" not in said(signed_in("shencha").get(url(case)))
    assert "写意见或附文件后再办" in said(signed_in("shenpi").get(url(sign_at("decide"))))


def test_a_matter_says_in_words_what_each_unit_does_and_what_each_limit_is() -> None:
    page = signed_in("chuangkou").get("/office/matters/reports/street_light/").content.decode()
    assert "修好时限" in page and "答复是否立案" in page and "现场核实、现场核查" in page
    assert not re.findall(r"<dt[^>]*>[A-Za-z_]+</dt>", page)


def test_every_matter_can_be_drawn_with_every_step_and_no_words_off_the_sheet() -> None:
    from yinuo.faces.office import diagram
    from yinuo.packs import matters

    for matter in matters.all_current():
        for lang in ("zh", "en"):
            drawn = diagram.draw(matter, roles={}, lang=lang)
            assert len(drawn.boxes) == len(matter.steps) + 1
            for arrow in drawn.arrows:
                widest = max(diagram._length(word) for word in arrow.words)
                right = arrow.x + (widest if arrow.anchor == "start" else 0)
                left = arrow.x - (widest if arrow.anchor == "end" else 0)
                assert left >= 0 and right <= drawn.width, (matter.id, lang, arrow)
                assert 0 < arrow.y < drawn.height


def test_figures_count_what_the_list_behind_them_shows() -> None:
    for step in ("intake", "intake", "review"):
        sign_at(step)
    page = signed_in("ducha").get("/office/figures/").content.decode()
    found = re.findall(r'href="(/office/cases/\?[^"]+)">(\d+)</a>', page)
    assert found
    for address, number in found:
        listed = signed_in("ducha").get(address.replace("&amp;", "&")).content.decode()
        assert len(re.findall(r"data-item=", listed)) == int(number), address


def test_a_move_file_is_shown_with_the_entry_it_came_with() -> None:
    case = sign_at("review")
    photo = SimpleUploadedFile("现场.jpg", jpeg("gold"), content_type="image/jpeg")
    data = {"expecting": case.seq, "opinion": "看过现场", "evidence": photo}
    assert signed_in("shencha").post(url(case, "pass/"), data).status_code == 302
    text = signed_in("shenpi").get(url(case)).content.decode()
    found = re.search(r'<img src="([^"]+)" alt="图片：现场.jpg"', text)
    assert found is not None
    answer = signed_in("shenpi").get(found.group(1))
    assert answer.status_code == 200
    assert signed_in("shencha_zhujian").get(found.group(1)).status_code == 404
    assert signed_in("shenji").get(found.group(1)).status_code == 404  # the auditor reads no content
