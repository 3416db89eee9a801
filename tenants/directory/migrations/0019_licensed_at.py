from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import CASCADE
from psycopg import sql

OPENED = """
insert into public.directory_licensedat (person_id, organization_id)
select distinct o.person_id, {organization}::uuid from {schema}.protection_firstopening o
join public.directory_person p on p.id = o.person_id on conflict do nothing
"""


def opened_before(apps: Any, schema_editor: Any) -> None:
    """Write down where people have been licensed something until now."""
    organizations = apps.get_model("organizations", "Organization").objects.exclude(state="erased")
    with schema_editor.connection.cursor() as cursor:
        for organization, schema in organizations.values_list("id", "schema_name"):
            cursor.execute("select to_regclass(%s)", [f'"{schema}".protection_firstopening'])
            if cursor.fetchone()[0] is not None:
                values = {"organization": sql.Literal(str(organization)), "schema": sql.Identifier(schema)}
                cursor.execute(sql.SQL(OPENED).format(**values))


class Migration(migrations.Migration):
    """Where "Shared with me" looks."""

    dependencies = [("directory", "0018_outsiders_by_code"), ("organizations", "0002_roles")]

    operations = [
        migrations.CreateModel(
            name="LicensedAt",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person_id", "organization_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=CASCADE, related_name="+", to="organizations.organization"),
                ),
            ],
        ),
        migrations.RunPython(opened_before, migrations.RunPython.noop),
    ]
