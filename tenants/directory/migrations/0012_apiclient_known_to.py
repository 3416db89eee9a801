from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only: who saw the secrets of applications made before is not known."""

    dependencies = [("directory", "0011_blocked_devices")]

    operations = [migrations.AddField("apiclient", "known_to", models.JSONField(default=list, db_default=[]))]
