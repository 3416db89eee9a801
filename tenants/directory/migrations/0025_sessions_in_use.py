import django.db.models.functions.datetime
from django.db import migrations, models

NOW = django.db.models.functions.datetime.Now()


class Migration(migrations.Migration):
    """Expand only: since when a browser is signed in, and when it was used last."""

    dependencies = [("directory", "0024_group_claims")]

    operations = [
        migrations.AddField("browsersession", "signed_in_at", models.DateTimeField(db_default=NOW)),
        migrations.AddField("browsersession", "used_at", models.DateTimeField(db_default=NOW)),
    ]
