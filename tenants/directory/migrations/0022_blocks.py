import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Whom an organization keeps out."""

    dependencies = [("directory", "0021_domain_checks"), ("organizations", "0002_roles")]

    operations = [
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("address", "Address"), ("domain", "Domain"), ("organization", "Organization")],
                        max_length=12,
                    ),
                ),
                ("value", models.CharField(max_length=254)),
                ("subdomains", models.BooleanField(db_default=False)),
                ("person_id", models.UUIDField(null=True)),
                ("reason", models.CharField(max_length=500)),
                ("until", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("made_by", models.UUIDField(null=True)),
                ("made_by_address", models.CharField(blank=True, max_length=254)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["organization", "person_id"], name="directory_blocked_person")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "value"), name="directory_one_block")
                ],
            },
        ),
    ]
