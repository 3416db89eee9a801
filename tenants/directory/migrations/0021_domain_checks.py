from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the DNS said of a mail domain when it was asked last."""

    dependencies = [("directory", "0020_address_codes")]

    operations = [
        migrations.AddField("maildomain", "checked_at", models.DateTimeField(null=True)),
        migrations.AddField("maildomain", "checked_by", models.UUIDField(null=True)),
        migrations.AddField("maildomain", "check_result", models.CharField(max_length=16, blank=True, db_default="")),
        migrations.AddField("maildomain", "check_resolver", models.CharField(max_length=80, blank=True, db_default="")),
        migrations.AddField(
            "maildomain",
            "check_seen",
            ArrayField(models.CharField(max_length=255), default=list, db_default=[]),
        ),
        migrations.AddField("maildomain", "found_at", models.DateTimeField(null=True)),
        migrations.AddField("maildomain", "missing_since", models.DateTimeField(null=True)),
        migrations.AddField("maildomain", "warned_at", models.DateTimeField(null=True)),
    ]
