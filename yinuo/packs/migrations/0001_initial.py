from django.db import migrations, models
from django.db.models.functions import Now

# A promise that was made stays as it was made: versions are added, never changed or removed.
KEEP = """
create function packs_keep() returns trigger language plpgsql as $$
begin
    raise exception 'packs_matterversion keeps every version: % is refused; load a new version instead', tg_op
        using errcode = 'insufficient_privilege';
end $$;
create trigger packs_matterversion_keep before update or delete on packs_matterversion
    for each row execute function packs_keep();
create trigger packs_matterversion_keep_all before truncate on packs_matterversion
    for each statement execute function packs_keep();
alter table packs_matterversion
    add constraint matter_version_body_is_json check (jsonb_typeof(body::jsonb) = 'object'),
    add constraint matter_version_digest_is_of_body
        check (digest = encode(sha256(convert_to(body, 'UTF8')), 'hex'));
alter table packs_calendaryear
    add constraint calendar_year_body_is_json check (jsonb_typeof(body::jsonb) = 'object');
"""
LET_GO = """
drop trigger packs_matterversion_keep on packs_matterversion;
drop trigger packs_matterversion_keep_all on packs_matterversion;
drop function packs_keep();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PackLoad",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pack", models.TextField()),
                ("version", models.TextField()),
                ("digest", models.TextField()),
                ("city", models.JSONField()),
                ("matters", models.JSONField()),
                ("at", models.DateTimeField(db_default=Now())),
            ],
        ),
        migrations.CreateModel(
            name="MatterVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("matter", models.TextField()),
                ("version", models.PositiveIntegerField()),
                ("title_zh", models.TextField()),
                ("title_en", models.TextField()),
                ("body", models.TextField()),
                ("digest", models.TextField()),
                ("valid_from", models.DateField(null=True)),
                ("loaded_at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "constraints": (
                    models.UniqueConstraint(fields=("matter", "version"), name="matter_version_once"),
                    models.CheckConstraint(condition=models.Q(version__gte=1), name="matter_version_from_1"),
                )
            },
        ),
        migrations.CreateModel(
            name="CalendarYear",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveIntegerField()),
                ("body", models.TextField()),
                ("digest", models.TextField()),
                ("loaded_at", models.DateTimeField(db_default=Now())),
            ],
            options={"indexes": [models.Index(fields=["year", "-id"], name="calendar_year_newest")]},
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
