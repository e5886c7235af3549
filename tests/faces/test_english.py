"""English for whoever reads no Chinese: the catalogue is whole; English pages hold no Chinese but data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.template import engines
from django.template.base import TextNode
from django.test import Client
from django.utils import timezone, translation
from office_city import LAMP, OPINION, SIGN, moved, opened, people, sign_at, signed_in

from yinuo.core.clock import Limit, Mode
from yinuo.faces.office.matters import limit_text
from yinuo.ledger.models import Case
from yinuo.ops import texts
from yinuo.registers.models import Party, Person, Record, Unit
from yinuo.work import seal

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
"""Characters, and the punctuation and full-width signs that go with them."""
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w+\}")
REASON = "请补交产权证明"


# -- the catalogue -----------------------------------------------------------------------------------------


def parts(said: Any) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def test_every_text_has_english_with_the_same_placeholders() -> None:
    english = {(parts(each.id), each.context): each for each in texts.catalogue() if each.id}
    wrong = []
    for each in texts.gathered():
        if not each.id:
            continue
        ids = parts(each.id)
        found = english.get((ids, each.context))
        if found is None or not all(parts(found.string)) or found.fuzzy:
            wrong.append(f"{ids[0]}: no English; run `make texts` and translate it")
            continue
        for said in parts(found.string):
            wanted, got = Counter(PLACEHOLDER.findall(ids[-1])), Counter(PLACEHOLDER.findall(said))
            # "One thing" may leave out the number that "3 things" needs.
            if wanted != got and not (len(ids) == 2 and said == parts(found.string)[0] and not got):
                wrong.append(f"{ids[0]}: {dict(wanted)} became {dict(got)} in {said!r}")
    assert not wrong, "\n".join(wrong)


def test_no_english_text_holds_chinese() -> None:
    left = [
        said for each in texts.catalogue() if each.id for said in parts(each.string) if CHINESE.search(said)
    ]
    assert not left


def test_the_catalogue_holds_nothing_that_no_page_says() -> None:
    said = {(parts(each.id), each.context) for each in texts.gathered() if each.id}
    dead = [each.id for each in texts.catalogue() if each.id and (parts(each.id), each.context) not in said]
    assert not dead, f"run `make texts`: {dead}"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "yinuo").rglob("templates/**/*.html")), ids=lambda path: path.stem
)
def test_a_template_says_nothing_past_the_catalogue(path: Path) -> None:
    template = engines["django"].from_string(path.read_text(encoding="utf-8")).template  # type: ignore[attr-defined]
    found = "\n".join(node.s for node in template.nodelist.get_nodes_by_type(TextNode))
    found = found.replace('aria-hidden="true">诺<', "").replace("中文", "")
    left = [line.strip()[:100] for line in found.splitlines() if CHINESE.search(line)]
    assert not left, f"{path.relative_to(ROOT)}: put it into a trans tag: {left}"


def test_scripts_say_nothing_by_themselves() -> None:
    for path in sorted((ROOT / "yinuo").rglob("static/**/*.js")):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        assert not CHINESE.search(code), f"{path.name}: take the words from a data attribute"


# -- pages -------------------------------------------------------------------------------------------------


class Chinese(HTMLParser):
    """Collects Chinese that is read or read aloud, outside elements marked as Chinese and the seal."""

    VOID = frozenset({"area", "base", "br", "hr", "img", "input", "link", "meta", "source", "wbr"})
    READ = frozenset({"title", "alt", "placeholder", "aria-label", "content", "data-asking", "data-found"})

    def __init__(self) -> None:
        super().__init__()
        self.lang = ""
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.lang = given.get("lang") or ""
        marked = tag != "html" and (given.get("lang") or "").startswith("zh")
        skip = self._skips or marked or given.get("class") == "seal"
        skip = skip or tag in ("script", "style") or (given.get("class") or "") in ("letter-text", "letter")
        if not skip:
            self.found += [
                value for name, value in attrs if name in self.READ and CHINESE.search(value or "") and value
            ]
        if tag not in self.VOID:
            self._open.append((tag, skip))

    def handle_endtag(self, tag: str) -> None:
        if tag in [each for each, _ in self._open]:
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._skips and CHINESE.search(data):
            self.found.append(data.strip())

    @property
    def _skips(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def names() -> list[str]:
    """What people are called and what they wrote, the longest first: it stays as it was given."""
    given = [str(value) for form in (SIGN, LAMP) for value in form.values()]
    given += [OPINION, REASON, *Person.objects.values_list("name", flat=True)]
    given += [*Party.objects.values_list("name", flat=True), *Record.objects.values_list("number", flat=True)]
    # A licence says in Chinese who issued it: that is what stands on the licence.
    given += Unit.objects.values_list("name_zh", flat=True)
    return sorted({each for each in given if CHINESE.search(each)}, key=len, reverse=True)


def read(client: Client, url: str, *, status: int = 200, known: list[str]) -> list[str]:
    """The Chinese on the page at `url` that is nobody's name and nobody's words."""
    answer = client.get(url)
    assert answer.status_code == status, f"{url}: {answer.status_code}"
    page = Chinese()
    page.feed(answer.content.decode())
    assert page.lang == "en", f"{url}: lang={page.lang!r}"
    left = []
    for text in page.found:
        rest = text
        for name in known:
            rest = rest.replace(name, "")
        if CHINESE.search(rest):
            left.append(f"{url}: {text[:120]}")
    return left


def in_english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def city(db: None) -> Iterator[dict[str, Case]]:
    people()
    found = {step: sign_at(step) for step in ("intake", "review", "decide", "closed")}
    found["asked"] = moved(opened(), "ask", "chuangkou", reason=REASON)
    found["lamp"] = opened("reports/street_light", LAMP, papers=())
    seal.seal_now(now=timezone.now())
    cache.clear()
    yield found
    cache.clear()  # the home page keeps its figures for a while, and they are of this city


def test_a_citizen_reads_english_on_every_page(city: dict[str, Case]) -> None:
    shimin = in_english(signed_in("shimin"))
    urls = [
        *("/", "/matters/", "/search/?q=sign", "/search/?q=nothing+at+all", "/messages/"),
        *(
            "/matters/approvals/shop_sign/",
            "/matters/bundles/new_enterprise/",
            "/report/reports/street_light/",
        ),
        *("/matters/approvals/shop_sign/start/", "/my/", "/my/?state=closed"),
        *(f"/my/{case.number}/" for case in city.values()),
        *(f"/my/{city['closed'].number}/{tail}/" for tail in ("done", "receipt", "rate", "note")),
        *(f"/my/{city['asked'].number}/{tail}/" for tail in ("resubmit", "withdraw")),
    ]
    known = names()
    assert not [line for url in urls for line in read(shimin, url, known=known)]


def test_an_officer_reads_english_on_every_page(city: dict[str, Case]) -> None:
    known = names()
    left: list[str] = []
    intake, review, decide = (city[step].number for step in ("intake", "review", "decide"))
    for who, urls in {
        "chuangkou": (
            *("/office/", f"/office/?case={intake}", "/office/cases/", "/office/cases/?state=closed"),
            *(f"/office/cases/{intake}/{tail}" for tail in ("", "ask/", "refuse_acceptance/", "act/note/")),
            *(f"/office/cases/{city['closed'].number}/{tail}" for tail in ("", "act/correct/")),
            *("/office/matters/", "/office/matters/approvals/shop_sign/", "/office/?q=nothing"),
        ),
        "shencha": ("/office/", f"/office/cases/{review}/pass/", f"/office/cases/{review}/act/assign/"),
        "shenpi": (f"/office/cases/{decide}/refuse/", f"/office/cases/{review}/extend/"),
        "shenji": ("/office/cases/", "/office/ledger/?verify=1"),
        "ducha": ("/office/figures/", f"/office/cases/{city['lamp'].number}/"),
    }.items():
        client = in_english(signed_in(who))
        left += [line for url in urls for line in read(client, url, known=known)]
    assert not left


def test_anybody_reads_english_on_public_pages_and_errors(city: dict[str, Case]) -> None:
    client, known = in_english(Client()), names()
    licence = Record.objects.get(case_number=city["closed"].number)
    urls = [
        *(
            "/signin/",
            "/public/",
            "/public/receipts/check/",
            "/public/promises/",
            "/public/seals/",
            "/public/help/",
        ),
        *(f"/public/receipts/{city['closed'].number}/", f"/public/v/{licence.code}/", "/public/seals/1/"),
    ]
    left = [line for url in urls for line in read(client, url, known=known)]
    for url in ("/nowhere/", "/public/v/aaaaaaaaaaaaaaaa/", "/public/receipts/JC000000-000000-X/"):
        left += read(client, url, status=404, known=known)
    left += read(client, "/public/receipts/?q=1234", status=422, known=known)
    left += read(client, "/public/promises/?since=yesterday", status=422, known=known)
    assert not left


def test_the_search_for_chinese_would_find_it(city: dict[str, Case]) -> None:
    page = Chinese()
    page.feed(Client().get("/").content.decode())
    assert page.lang == "zh-Hans" and len(page.found) > 20


# -- which language ----------------------------------------------------------------------------------------


def test_a_browser_that_asks_for_english_gets_english(db: None) -> None:
    answer = Client(headers={"accept-language": "en-GB,en;q=0.9"}).get("/signin/")
    assert b'<html lang="en"' in answer.content and "Sign in" in answer.content.decode()


def test_everybody_else_gets_chinese(db: None) -> None:
    for wanted in ("zh-CN,zh;q=0.9,en;q=0.8", "fr", ""):
        answer = Client(headers={"accept-language": wanted}).get("/signin/")
        assert b'<html lang="zh-Hans"' in answer.content, wanted


def switch(client: Client, url: str) -> Any:
    """The answer to pressing the language button on the page at `url`."""
    html = client.get(url).content.decode()
    form = re.search(r'<form method="post" action="/i18n/setlang/">.*?</form>', html, re.S)
    assert form is not None, f"{url} has no language button"
    following = re.search(r'name="next" value="([^"]*)"', form[0])
    button = re.search(r'name="language" value="([^"]*)"', form[0])
    assert following and button
    return client.post(
        "/i18n/setlang/", {"next": following[1].replace("&amp;", "&"), "language": button[1]}, follow=True
    )


@pytest.mark.parametrize("url", ["/public/promises/?since=2026-01-01&until=2026-06-30", "/search/?q=sign"])
def test_the_language_button_keeps_the_page_and_leads_back(db: None, url: str) -> None:
    client = Client()
    there = switch(client, url)
    assert there.redirect_chain == [(url, 302)] and b'<html lang="en"' in there.content
    back = switch(client, url)
    assert back.redirect_chain == [(url, 302)] and b'<html lang="zh-Hans"' in back.content


def test_the_office_has_the_button_too(city: dict[str, Case]) -> None:
    url = f"/office/cases/{city['intake'].number}/?back=/office/"
    there = switch(signed_in("chuangkou"), url)
    assert there.redirect_chain == [(url, 302)] and b'<html lang="en"' in there.content


# -- words with numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "said"), [(1, "1 working day"), (2, "2 working days")])
def test_one_working_day_is_no_working_days(n: int, said: str) -> None:
    with translation.override("en"):
        assert limit_text(Limit(value=n, mode=Mode.WORKDAYS)) == said
    with translation.override("zh-hans"):
        assert limit_text(Limit(value=n, mode=Mode.WORKDAYS)) == f"{n} 个工作日"
