"""What people have begun but not yet asked for, and the keys programs sign in with."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """An application being filled in: save and return. Its id is the one-time token of the case it opens.

    data: answers by field. files: [{material, name, digest, mime, size}]. opened: the number of the case.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    party_id = models.BigIntegerField(null=True)
    matter = models.TextField()
    version = models.IntegerField()
    data = models.JSONField(default=dict)
    files = models.JSONField(default=list)
    done = models.JSONField(default=list)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    opened = models.TextField(default="")

    class Meta:
        indexes = (
            models.Index(
                fields=(
                    "person",
                    "-changed_at",
                ),
                name="draft_mine",
            ),
        )

    def __str__(self) -> str:
        return f"{self.matter} {self.id}"


class Token(models.Model):
    """A key a program signs in with, for one person. Only its SHA-256 is kept; it ends on its day."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.TextField()
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class SignInTry(models.Model):
    """Wrong passwords in a row, by the SHA-256 of name and address; the row goes when the right one comes.

    at: when the last try was heard.
    """

    key = models.BinaryField(primary_key=True)
    count = models.IntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} since {self.at}"
