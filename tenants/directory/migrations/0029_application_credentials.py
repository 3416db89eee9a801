import uuid
from datetime import timedelta
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models
from django.utils import timezone


def take_over(apps: Any, _schema_editor: Any) -> None:
    """Keep each secret of before as a credential, as long as one may live at most."""
    credentials = apps.get_model("directory", "ApplicationCredential")
    hashes = dict(apps.get_model("allauth_idp_oidc", "Client").objects.values_list("id", "secret"))
    until = timezone.now() + timedelta(days=730)
    rows = apps.get_model("directory", "ApiClient").objects.filter(disabled_at__isnull=True)
    credentials.objects.bulk_create(
        credentials(
            organization_id=row.organization_id,
            application_id=row.client_id,
            kind="secret",
            name="",
            secret_hash=hashes[row.client_id],
            expires_at=until,
        )
        for row in rows
        if hashes.get(row.client_id)
    )


class Migration(migrations.Migration):
    """Expand only: several secrets and keys of an application, the secret of before among them."""

    dependencies = [
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
        ("directory", "0028_lost_devices"),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApplicationCredential",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("secret", "Secret"), ("key", "Key"), ("keys_url", "Keys Url")], max_length=16)),
                ("name", models.CharField(max_length=200)),
                ("secret_hash", models.CharField(blank=True, max_length=200)),
                ("keys", models.JSONField(null=True)),
                ("keys_url", models.CharField(blank=True, max_length=1000)),
                ("read_at", models.DateTimeField(null=True)),
                ("made_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("warned_days", models.SmallIntegerField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to="directory.apiclient",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
