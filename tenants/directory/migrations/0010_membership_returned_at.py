from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only: when somebody who had left was given a place again."""

    dependencies = [("directory", "0009_parted_domains")]

    operations = [migrations.AddField("membership", "returned_at", models.DateTimeField(null=True))]
