"""What was loaded, in every version, for good: running cases keep the version they were opened under.

Bodies are JSON as text, not jsonb: jsonb would lose the order of keys, and the order of a matter's steps
and moves means something. `digest` is the SHA-256 of that very text.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class PackLoad(models.Model):
    """One loading of a pack that changed something. The newest row says what is in force.

    matters: {matter id: version}; a matter that a later pack leaves out is not offered any more, but stays.
    city: city.yaml as it was.
    """

    pack = models.TextField()
    version = models.TextField()
    digest = models.TextField()
    city = models.JSONField()
    matters = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.pack} {self.version}"


class MatterVersion(models.Model):
    """A matter as promised from `loaded_at` on. Rows are never changed or removed: a trigger refuses."""

    matter = models.TextField()
    version = models.PositiveIntegerField()
    title_zh = models.TextField()
    title_en = models.TextField()
    body = models.TextField()
    digest = models.TextField()
    valid_from = models.DateField(null=True)
    loaded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("matter", "version"), name="matter_version_once"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="matter_version_from_1"),
        )

    def __str__(self) -> str:
        return f"{self.matter} v{self.version}"


class CalendarYear(models.Model):
    """One year's holidays as loaded; the newest row of a year is in force."""

    year = models.PositiveIntegerField()
    body = models.TextField()
    digest = models.TextField()
    loaded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=("year", "-id"), name="calendar_year_newest"),)

    def __str__(self) -> str:
        return str(self.year)
