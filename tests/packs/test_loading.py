"""A pack in the database: all of it or nothing, twice is once, and what was promised stays as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection, transaction
from small_city import change, small_city

from yinuo.core.matter import build
from yinuo.ops.pack import Unfit, load_into_database
from yinuo.packs import matters, store
from yinuo.packs.load import read
from yinuo.packs.models import CalendarYear, MatterVersion, PackLoad

JINCHENG = Path(__file__).parents[2] / "packs" / "jincheng"
SIGN = "matters/approvals/sign/matter.yaml"

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return small_city(tmp_path / "small")


def put(folder: Path) -> store.Changes:
    with transaction.atomic():
        return store.put(read(folder))


def everything() -> tuple[Any, ...]:
    """Every row of the pack's tables."""
    return tuple(
        list(model.objects.order_by("pk").values()) for model in (PackLoad, MatterVersion, CalendarYear)
    )


def test_the_database_holds_jinchengs_matters_as_its_folder_has_them() -> None:
    pack = read(JINCHENG)
    assert matters.city()["name"]["zh"] == "晋城市"
    assert {matter.id for matter in matters.all_current()} == {matter.id for matter in pack.matters}
    for matter in pack.matters:
        stored = matters.current(matter.id)
        assert stored == build(matter.body, version=stored.version)


def test_steps_and_moves_keep_the_order_in_which_the_pack_wrote_them(city: Path) -> None:
    put(city)
    stored = matters.current("approvals/sign")
    assert list(stored.steps) == ["intake", "supply", "review"]
    assert stored.start == "intake"
    assert list(stored.moves) == ["accept", "ask", "resubmit", "lapse", "extend", "grant", "refuse"]


def test_the_stored_calendar_counts_as_the_folders_does() -> None:
    stored, read_now = matters.calendar(), read(JINCHENG).calendar
    assert read_now is not None
    assert (stored.version, stored.horizon, stored.shifts, stored.warn) == (
        read_now.version,
        read_now.horizon,
        read_now.shifts,
        read_now.warn,
    )
    assert (stored.off, stored.work) == (read_now.off, read_now.work)
    assert stored.add(date(2026, 4, 29), 5) == date(2026, 5, 9)


def test_loading_the_same_pack_again_writes_nothing(city: Path) -> None:
    assert put(city).new == ("approvals/sign",)
    before = everything()
    assert not put(city)
    assert everything() == before


def test_a_changed_matter_becomes_version_2_and_version_1_stays(city: Path) -> None:
    put(city)
    first = matters.current("approvals/sign")
    change(city, SIGN, "promised: {value: 5,", "promised: {value: 4,")
    changes = put(city)
    assert (changes.new, changes.changed) == ((), ("approvals/sign",))
    now = matters.current("approvals/sign")
    assert (now.version, now.limits["promised"].value) == (2, 4)
    kept = matters.version("approvals/sign", 1)
    assert (kept.version, kept.limits["promised"].value) == (1, 5)
    assert kept == first


def test_a_changed_letter_is_a_new_version_too(city: Path) -> None:
    put(city)
    change(city, "matters/approvals/sign/letters/accepted.html", "已受理", "已经受理")
    assert put(city).changed == ("approvals/sign",)
    texts = [matters.version("approvals/sign", n).body["letter_texts"]["accepted"] for n in (1, 2)]
    assert ["已经受理" in text for text in texts] == [False, True]


def test_going_back_to_an_old_text_is_a_third_version(city: Path) -> None:
    put(city)
    change(city, SIGN, "promised: {value: 5,", "promised: {value: 4,")
    put(city)
    change(city, SIGN, "promised: {value: 4,", "promised: {value: 5,")
    assert put(city).changed == ("approvals/sign",)
    assert matters.current("approvals/sign").version == 3


def test_a_matter_that_left_the_pack_is_not_offered_and_its_versions_stay(city: Path) -> None:
    put(city)
    folder = city / "matters/approvals/sign"
    folder.rename(city / "matters/approvals/banner")
    change(city, "matters/approvals/banner/matter.yaml", "id: approvals/sign\n", "id: approvals/banner\n")
    changes = put(city)
    assert (changes.new, changes.withdrawn) == (("approvals/banner",), ("approvals/sign",))
    assert [matter.id for matter in matters.all_current()] == ["approvals/banner"]
    with pytest.raises(matters.NoSuchMatter, match="approvals/sign"):
        matters.current("approvals/sign")
    assert matters.version("approvals/sign", 1).title.zh == "设置店招"


def test_a_new_holiday_notice_replaces_the_year_and_the_old_one_stays(city: Path) -> None:
    put(city)
    before = CalendarYear.objects.filter(year=2026).count()
    assert not matters.calendar().is_workday(date(2026, 1, 2))
    change(city, "calendar/2026.yaml", "  - 2026-01-02\n", "")
    change(city, "calendar/2026.yaml", "from: 2026-01-01, to: 2026-01-03", "from: 2026-01-01, to: 2026-01-01")
    assert put(city).years == (2026,)
    assert matters.calendar().is_workday(date(2026, 1, 2))
    assert CalendarYear.objects.filter(year=2026).count() == before + 1


def test_a_version_cannot_be_changed_or_removed_not_even_by_sql(city: Path) -> None:
    put(city)
    for statement in (
        "update packs_matterversion set body = '{}'",
        "delete from packs_matterversion",
        "truncate packs_matterversion",
    ):
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert matters.version("approvals/sign", 1).title.zh == "设置店招"


def test_a_body_that_does_not_fit_its_digest_is_refused(city: Path) -> None:
    put(city)
    row = MatterVersion.objects.get(matter="approvals/sign", version=1)
    with pytest.raises(Error, match="digest_is_of_body"), transaction.atomic():
        MatterVersion.objects.create(
            matter=row.matter,
            version=2,
            title_zh=row.title_zh,
            title_en=row.title_en,
            body=row.body.replace("设置", "拆除"),
            digest=row.digest,
        )


def test_a_pack_with_a_problem_changes_nothing(city: Path) -> None:
    before = everything()
    change(city, SIGN, "needs: [materials_present]", "needs: [material_present]")
    with pytest.raises(Unfit) as refused:
        load_into_database(city)
    assert ["material_present" in problem.what.en for problem in refused.value.problems] == [True]
    assert everything() == before


def test_a_pack_that_fails_half_way_changes_nothing(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yinuo.registers import load as registers

    def break_off(**_: Any) -> dict[str, int]:
        raise RuntimeError("the registers could not be written")

    before = everything()
    monkeypatch.setattr(registers, "put", break_off)
    with pytest.raises(RuntimeError):
        load_into_database(city)
    assert everything() == before
    assert "approvals/sign" not in {matter.id for matter in matters.all_current()}


def test_loading_jincheng_again_changes_nothing_and_says_so() -> None:
    before = everything()
    done = load_into_database(JINCHENG)
    assert (done.new, done.changed, done.withdrawn, done.years) == ((), (), (), ())
    assert everything() == before


def test_what_is_in_force_is_looked_up_at_most_every_two_seconds(
    city: Path, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matters, "_doubtful", False)
    matters.calendar(), matters.all_current()
    clock = [1000.0]
    monkeypatch.setattr(matters.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(matters, "_in_force", {})
    matters.calendar()
    with django_assert_num_queries(0):
        clock[0] += 1.9
        matters.calendar()
        matters.all_current()
    with django_assert_num_queries(1):
        clock[0] += 0.2
        matters.calendar()
