"""Triggers, checks, references and grants: sql/tables.sql, references.sql, grants.sql."""

from django.db import migrations

from yinuo.ledger.sql import statement


class Migration(migrations.Migration):
    dependencies = (
        ("ledger", "0001_initial"),
        ("registers", "0001_initial"),
        ("packs", "0001_initial"),
    )

    operations = (
        migrations.RunSQL(statement("tables"), migrations.RunSQL.noop),
        migrations.RunSQL(statement("references"), migrations.RunSQL.noop),
        migrations.RunSQL(statement("grants"), migrations.RunSQL.noop),
    )
