"""The tables of the registers. What the database can hold true, it holds: see the constraints.

Every dated row is valid on a day d when valid_from <= d < valid_to; an empty end is open.
"""

from __future__ import annotations

import secrets
from datetime import date

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Trim, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

SLUG = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
USCC = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
CITIZEN_ID = r"^[0-9]{17}[0-9X]$"


def today() -> date:
    """Today in the settings' zone, Asia/Shanghai."""
    return timezone.localdate()


def new_code() -> str:
    """16 characters that nobody can guess, for the address printed on a licence (96 random bits)."""
    return secrets.token_urlsafe(12)


def _dated(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"{name}_ends_after_it_begins",
        condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
    )


class Place(models.Model):
    """区划 / 网格: one node of the division tree. Towns merge: a place ends and names its successor."""

    class Kind(models.TextChoices):
        CITY = "city", _("市")
        COUNTY = "county", _("县（市、区）")
        STREET = "street", _("街道")
        TOWN = "town", _("镇")
        TOWNSHIP = "township", _("乡")
        VILLAGE = "village", _("村（社区）")
        GRID = "grid", _("网格")

    code = models.TextField(primary_key=True)
    name_zh = models.TextField()
    name_en = models.TextField()
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    kind = models.TextField(choices=Kind)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    path = models.TextField()
    """ "/140500/140502/140502003/": itself last; a prefix match is the subtree."""
    geometry = models.JSONField(null=True)
    """GeoJSON Polygon or MultiPolygon, [longitude, latitude]."""
    datum = models.TextField(default="")
    source = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["path"], name="place_path", opclasses=["text_pattern_ops"])]
        constraints = [
            _dated("place"),
            models.CheckConstraint(name="place_code_is_digits", condition=Q(code__regex=r"^[0-9]{6,20}$")),
            models.CheckConstraint(
                name="place_kind_is_known",
                condition=Q(kind__in=["city", "county", "street", "town", "township", "village", "grid"]),
            ),
            models.CheckConstraint(
                name="place_path_ends_in_itself", condition=Q(path__regex=r"^/([0-9]+/)+$")
            ),
            models.CheckConstraint(
                name="place_with_a_successor_has_ended",
                condition=Q(successor__isnull=True) | Q(valid_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_zh}（{self.code}）"


class Unit(models.Model):
    """单位: who holds a case. `functions` (职能) are what matters name; the place says which unit answers."""

    id = models.TextField(primary_key=True)
    name_zh = models.TextField()
    name_en = models.TextField()
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    kind = models.TextField()
    place = models.ForeignKey(Place, models.PROTECT, related_name="units")
    functions = ArrayField(models.TextField(), default=list)
    path = models.TextField()
    """ "/jincheng-government/jincheng-approval/": itself last; a prefix match is the subtree."""
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    source = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["path"], name="unit_path", opclasses=["text_pattern_ops"]),
            GinIndex(fields=["functions"], name="unit_functions"),
        ]
        constraints = [
            _dated("unit"),
            models.CheckConstraint(name="unit_id_is_a_slug", condition=Q(id__regex=SLUG)),
            models.CheckConstraint(
                name="unit_path_ends_in_itself", condition=Q(path__regex=r"^/([a-z0-9_-]+/)+$")
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh


class Edition(models.Model):
    """One row whose token the database changes with every write to a unit or place.

    Units and places are read at every move and written a few times a year. Whoever keeps them in memory
    compares this token first, so that no process works on, and no test sees, what is no longer so.
    """

    id = models.SmallIntegerField(primary_key=True)
    token = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(name="edition_is_one_row", condition=Q(id=1))]


class Role(models.Model):
    """岗位: what a person may be towards a case; a matter's moves name it."""

    id = models.TextField(primary_key=True)
    title_zh = models.TextField()
    title_en = models.TextField()
    does_zh = models.TextField(default="")
    does_en = models.TextField(default="")

    class Meta:
        constraints = [models.CheckConstraint(name="role_id_is_a_slug", condition=Q(id__regex=SLUG))]

    def __str__(self) -> str:
        return self.title_zh


class Person(AbstractUser):
    """人员: somebody who signs in, as an officer (posts) or for a party (memberships)."""

    class Lang(models.TextChoices):
        ZH = "zh-hans", "简体中文"
        EN = "en", "English"

    class Size(models.TextChoices):
        NORMAL = "normal", _("标准")
        LARGE = "large", _("大字")

    first_name = None  # type: ignore[assignment]  # one field holds a Chinese name and any other
    last_name = None  # type: ignore[assignment]
    name = models.TextField(_("姓名"))
    phone = models.TextField(_("手机号"), default="", blank=True)
    lang = models.TextField(choices=Lang, default=Lang.ZH)
    size = models.TextField(choices=Size, default=Size.NORMAL)
    demo = models.BooleanField(default=False)
    """An invented person with a known password; the only ones whom removing the demo touches."""

    REQUIRED_FIELDS = ["name", "email"]

    class Meta:
        constraints = [
            models.CheckConstraint(name="person_lang_is_known", condition=Q(lang__in=["zh-hans", "en"])),
            models.CheckConstraint(name="person_size_is_known", condition=Q(size__in=["normal", "large"])),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Post(models.Model):
    """任职: a person holds a role in a unit, for some matters or (empty) for all."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    role = models.ForeignKey(Role, models.PROTECT, related_name="posts")
    matters = ArrayField(models.TextField(), default=list, blank=True)
    valid_from = models.DateField(default=today)
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            _dated("post"),
            models.UniqueConstraint(
                name="post_is_held_once",
                fields=["person", "unit", "role"],
                condition=Q(valid_to__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role_id} @ {self.unit_id}"


class Party(models.Model):
    """当事人: a natural person or an enterprise, to whom something is promised.

    A code that fails its check is kept only with a reason: real codes that fail exist. The database holds
    the shape; the check characters are computed in parties.py.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("自然人")
        ENTERPRISE = "enterprise", _("企业")

    class IdKind(models.TextChoices):
        CITIZEN_ID = "citizen_id", _("公民身份号码")
        USCC = "uscc", _("统一社会信用代码")
        OTHER = "other", _("其他证件")

    kind = models.TextField(choices=Kind)
    name = models.TextField()
    id_number = models.TextField()
    id_kind = models.TextField(choices=IdKind)
    override_reason = models.TextField(default="", blank=True)
    phone = models.TextField(default="", blank=True)
    email = models.EmailField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="party_is_known_once", fields=["kind", "id_number"]),
            models.CheckConstraint(
                name="party_id_kind_fits_its_kind",
                condition=Q(kind="person", id_kind__in=["citizen_id", "other"])
                | Q(kind="enterprise", id_kind__in=["uscc", "other"]),
            ),
            models.CheckConstraint(
                name="party_id_is_in_one_spelling", condition=Q(id_number=Upper(Trim(F("id_number"))))
            ),
            models.CheckConstraint(
                name="party_id_has_its_shape_or_a_reason",
                condition=Q(id_kind="citizen_id", id_number__regex=CITIZEN_ID)
                | Q(id_kind="uscc", id_number__regex=USCC)
                | Q(override_reason__regex=r"\S.{3,}\S"),
            ),
            models.CheckConstraint(
                name="party_override_says_why",
                condition=Q(override_reason="") | Q(override_reason__regex=r"\S.{3,}\S"),
            ),
            models.CheckConstraint(name="party_has_a_name", condition=Q(name__regex=r"\S")),
            models.CheckConstraint(name="party_has_an_id", condition=Q(id_number__regex=r"\S")),
        ]

    def __str__(self) -> str:
        return self.name


class PartyMember(models.Model):
    """Who may act for a party: the person itself, the legal representative, an agent."""

    class Role(models.TextChoices):
        SELF = "self", _("本人")
        LEGAL = "legal", _("法定代表人")
        AGENT = "agent", _("代办人")

    party = models.ForeignKey(Party, models.PROTECT, related_name="members")
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    role = models.TextField(choices=Role)
    valid_from = models.DateField(default=today)
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            _dated("party_member"),
            models.CheckConstraint(
                name="party_member_role_is_known", condition=Q(role__in=["self", "legal", "agent"])
            ),
            models.UniqueConstraint(
                name="party_member_acts_once", fields=["party", "person"], condition=Q(valid_to__isnull=True)
            ),
            models.UniqueConstraint(
                name="party_is_one_person", fields=["party"], condition=Q(role="self", valid_to__isnull=True)
            ),
            models.UniqueConstraint(
                name="person_is_one_party", fields=["person"], condition=Q(role="self", valid_to__isnull=True)
            ),
        ]


class Register(models.Model):
    """台账: one kind of record. `schema` is the JSON Schema of a body, `public` what anybody may see."""

    id = models.TextField(primary_key=True)
    title_zh = models.TextField()
    title_en = models.TextField()
    key = models.TextField()
    """The field of a body that names the record."""
    schema = models.JSONField()
    public = ArrayField(models.TextField(), default=list)
    source = models.TextField(default="")

    class Meta:
        constraints = [models.CheckConstraint(name="register_id_is_a_slug", condition=Q(id__regex=SLUG))]

    def __str__(self) -> str:
        return self.title_zh


class Record(models.Model):
    """One line of a register. Never deleted: the next one of the same key points back to it."""

    class State(models.TextChoices):
        CURRENT = "current", _("有效")
        SUSPENDED = "suspended", _("暂停")
        SUPERSEDED = "superseded", _("已被新记录取代")
        REVOKED = "revoked", _("已撤销")
        WITHDRAWN = "withdrawn", _("已撤回")

    register = models.ForeignKey(Register, models.PROTECT, related_name="records")
    key = models.TextField()
    body = models.JSONField()
    number = models.TextField(default="", db_index=True)
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="records")
    case_number = models.TextField(default="", db_index=True)
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="records")
    valid_from = models.DateField(default=today)
    valid_until = models.DateField(null=True)
    """The last day on which it holds, as printed on a licence."""
    state = models.TextField(choices=State, default=State.CURRENT)
    reason = models.TextField(default="")
    made_at = models.DateTimeField(default=timezone.now)
    code = models.TextField(unique=True, default=new_code, editable=False)
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="next")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="record_stands_once",
                fields=["register", "key"],
                condition=Q(state__in=["current", "suspended"]),
            ),
            models.CheckConstraint(
                name="record_state_is_known",
                condition=Q(state__in=["current", "suspended", "superseded", "revoked", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="record_ends_with_a_reason",
                condition=Q(state__in=["current", "superseded"]) | Q(reason__regex=r"\S"),
            ),
            models.CheckConstraint(
                name="record_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(name="record_has_a_key", condition=Q(key__regex=r"\S")),
            models.CheckConstraint(
                name="record_code_is_random", condition=Q(code__regex=r"^[A-Za-z0-9_-]{16}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.register_id}/{self.key}"


class RecordChange(models.Model):
    """What happened to a record, in order; rows are only added."""

    record = models.ForeignKey(Record, models.PROTECT, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    before = models.TextField(default="")
    """State before; empty when the record was made."""
    after = models.TextField()
    reason = models.TextField(default="")
    case_number = models.TextField(default="")
    by = models.TextField(default="")
    """ "person:12", "system" or "timer", as the ledger writes it."""

    class Meta:
        indexes = [models.Index(fields=["record", "id"], name="record_change_in_order")]
