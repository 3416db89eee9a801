import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only: the organizations that take nothing from a device any more."""

    dependencies = [("directory", "0010_membership_returned_at")]

    operations = [
        migrations.AddField(
            "device",
            "blocked_by",
            django.contrib.postgres.fields.ArrayField(models.UUIDField(), default=list, db_default=[]),
        )
    ]
