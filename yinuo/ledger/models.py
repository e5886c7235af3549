"""What the ledger keeps. Rows are written by `store`, `seals` and `evidence` only; sql/tables.sql says what
the database itself refuses."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

OPEN = Q(closed_at__isnull=True)


class Case(models.Model):
    """Head row of a case: the fold of its entries, spread into columns for lists.

    due_at: the next promise to keep (soonest of all running limits but the statutory one), UTC.
    wake_at: when the timer must look next. head: digest of the last entry.
    """

    number = models.TextField(unique=True)
    token = models.UUIDField(unique=True)
    matter = models.TextField()
    version = models.IntegerField()
    title = models.TextField()
    channel = models.TextField(default="online")
    unit = models.TextField()
    units = ArrayField(models.TextField())
    party_id = models.BigIntegerField(null=True)
    opened_by = models.BigIntegerField(null=True)
    place = models.TextField(default="")
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    parent_seq = models.IntegerField(default=0)

    seq = models.IntegerField()
    step = models.TextField()
    outcome = models.TextField(default="")
    holder = models.TextField()
    assignee_id = models.BigIntegerField(null=True)
    light = models.TextField(default="")
    paused = models.BooleanField(default=False)
    provisional = models.BooleanField(default=False)
    kept = models.BooleanField(null=True)
    breached = models.BooleanField(default=False)
    unlawful = models.BooleanField(default=False)
    rating = models.SmallIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    promised_at = models.DateTimeField(null=True)
    statutory_at = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    state = models.JSONField()
    head = models.BinaryField()

    class Meta:
        indexes = (
            models.Index(
                fields=(
                    "holder",
                    "due_at",
                    "id",
                ),
                name="case_inbox",
                condition=OPEN,
            ),
            models.Index(fields=("wake_at",), name="case_wake", condition=Q(wake_at__isnull=False)),
            models.Index(
                fields=(
                    "party_id",
                    "-opened_at",
                ),
                name="case_party",
            ),
            models.Index(
                fields=(
                    "opened_by",
                    "-opened_at",
                ),
                name="case_opener",
            ),
            models.Index(
                fields=(
                    "unit",
                    "-opened_at",
                ),
                name="case_unit",
            ),
            models.Index(
                fields=(
                    "matter",
                    "-opened_at",
                ),
                name="case_matter",
            ),
            models.Index(
                fields=(
                    "-opened_at",
                    "id",
                ),
                name="case_newest",
            ),
            GinIndex(fields=("units",), name="case_units"),
        )

    def __str__(self) -> str:
        return self.number


class CaseText(models.Model):
    """The pieces a case is found by. Apart from the head, so that a move does not rewrite a search index."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="text")
    search = SearchVectorField()

    class Meta:
        indexes = (GinIndex(fields=("search",), name="casetext_search"),)

    def __str__(self) -> str:
        return str(self.case_id)


class Entry(models.Model):
    """One line of the ledger. Append-only: a trigger and the grants refuse everything else.

    body is kept as the exact text that was hashed. digest = H(entry, prev); alg names H.
    """

    pk = models.CompositePrimaryKey("case_id", "seq")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    seq = models.IntegerField()
    kind = models.TextField()
    move = models.TextField(default="")
    at = models.DateTimeField()
    by = models.TextField()
    body = models.TextField()
    alg = models.TextField(default="sha256")
    prev = models.BinaryField()
    digest = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq}"


class Content(models.Model):
    """Erasable words of an entry: form, opinion, reason, letter. The entry holds H(salt, body) only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="contents")
    seq = models.IntegerField()
    kind = models.TextField()
    salt = models.BinaryField(null=True)
    body = models.JSONField(null=True)
    digest = models.BinaryField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("case", "seq", "kind"), name="content_once"),)

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq}/{self.kind}"


class Evidence(models.Model):
    """A file, known by the SHA-256 of its bytes, kept once however often it is handed in."""

    digest = models.TextField(primary_key=True)
    size = models.BigIntegerField()
    mime = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest


class Attachment(models.Model):
    """Evidence handed in with an entry, under a material's id, by the name its owner gave it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    seq = models.IntegerField()
    material = models.TextField()
    name = models.TextField()
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="attachments")

    class Meta:
        indexes = (
            models.Index(
                fields=(
                    "case",
                    "seq",
                ),
                name="attachment_case",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """A message owed. Written with the move that owes it, sent by work/tell.py, never lost.

    to: "party:<id>", "unit:<id>" or "person:<id>". attempts and next_at drive retries; receipt is what
    the carrier answered; read_at is when somebody opened it.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notices")
    seq = models.IntegerField()
    to = models.TextField()
    kind = models.TextField()
    title = models.JSONField()
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    error = models.TextField(default="")
    receipt = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=("next_at",), name="notice_owed", condition=Q(sent_at__isnull=True)),
            models.Index(
                fields=(
                    "to",
                    "-made_at",
                ),
                name="notice_to",
            ),
            models.Index(
                fields=(
                    "case",
                    "seq",
                ),
                name="notice_case",
            ),
        )

    def __str__(self) -> str:
        return f"{self.to} {self.kind}"


class Planned(models.Model):
    """A case that a move promised to open later (a check in 60 days). Opened once, by its token, or cancelled
    when that move was corrected."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="planned")
    seq = models.IntegerField()
    matter = models.TextField()
    opens_at = models.DateTimeField()
    token = models.UUIDField(unique=True)
    fields = models.JSONField(default=dict)
    opened = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("opens_at",),
                name="planned_open",
                condition=Q(opened__isnull=True, cancelled_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.matter} {self.opens_at}"


class Seal(models.Model):
    """The Merkle root over the heads of every case that changed since the seal before, chained to it.

    digest = H(number, at, root, leaves, prev). Published, so that nobody can rewrite what it covers.
    """

    number = models.IntegerField(primary_key=True)
    at = models.DateTimeField()
    leaves = models.IntegerField()
    root = models.BinaryField()
    prev = models.BinaryField()
    digest = models.BinaryField()
    alg = models.TextField(default="sha256")

    def __str__(self) -> str:
        return f"seal {self.number}"


class SealLeaf(models.Model):
    """One case's head as a seal saw it: leaf `position` of seal `seal`."""

    pk = models.CompositePrimaryKey("seal_id", "position")
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="covered")
    position = models.IntegerField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="seals")
    seq = models.IntegerField()
    digest = models.BinaryField()

    class Meta:
        indexes = (
            models.Index(
                fields=(
                    "case",
                    "-seq",
                ),
                name="sealleaf_case",
            ),
        )

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.position}"
