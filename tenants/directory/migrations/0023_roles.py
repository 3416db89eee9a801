import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

MOVE = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO directory_roleassignment (id, organization_id, role, person_id, since, given_by, reason)
SELECT gen_random_uuid(), m.organization_id, m.role, m.person_id, coalesce(m.role_changed_at, m.created_at),
       m.role_given_by, ''
FROM directory_membership m JOIN directory_person p ON p.id = m.person_id
WHERE m.role <> 'user' AND NOT m.guest AND NOT p.is_service AND m.removed_at IS NULL;
INSERT INTO directory_roleassignment (id, organization_id, role, person_id, since, reason)
SELECT DISTINCT ON (c.client_id, held.role) gen_random_uuid(), c.organization_id, held.role, c.person_id, c.created_at, ''
FROM directory_apiclient c CROSS JOIN LATERAL jsonb_array_elements_text(c.roles) AS held(role);
INSERT INTO directory_rolereceipt (organization_id, person_id, giver, at)
SELECT m.organization_id, m.person_id, m.role_given_by, m.role_changed_at
FROM directory_membership m WHERE m.role_changed_at IS NOT NULL;
"""
BACK = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE directory_membership m SET role = r.role, role_changed_at = r.since, role_given_by = r.given_by
FROM directory_roleassignment r
WHERE r.organization_id = m.organization_id AND r.person_id = m.person_id
  AND r.role IN ('auditor', 'global_administrator');
UPDATE directory_apiclient c SET roles = coalesce((SELECT jsonb_agg(r.role ORDER BY r.role)
FROM directory_roleassignment r WHERE r.organization_id = c.organization_id AND r.person_id = c.person_id), '[]');
"""


class Migration(migrations.Migration):
    """Roles as rows: several for each person, for groups and applications too, with an end where one is wanted."""

    dependencies = [("directory", "0022_blocks")]

    operations = [
        migrations.CreateModel(
            name="RoleAssignment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("role", models.CharField(max_length=24)),
                (
                    "since",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("given_by", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("ends_at", models.DateTimeField(null=True)),
                ("warned_at", models.DateTimeField(null=True)),
                (
                    "group",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.group",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("group__isnull", True), ("person__isnull", False)
                        ) | models.Q(("group__isnull", False), ("person__isnull", True)),
                        name="directory_role_of_one_thing",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "role", "person", "group"),
                        name="directory_role_held_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleReceipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("giver", models.UUIDField(null=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="directory.person"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(MOVE, BACK),
        migrations.RemoveConstraint("membership", "directory_guests_hold_no_role"),
        migrations.RemoveField("membership", "role"),
        migrations.RemoveField("membership", "role_changed_at"),
        migrations.RemoveField("membership", "role_given_by"),
        migrations.RemoveField("apiclient", "roles"),
    ]
