from django.db import migrations, models


class Migration(migrations.Migration):
    """A label counts its changes, so that nobody overwrites one that he has not seen."""

    dependencies = [("protection", "0011_labels")]

    operations = [
        migrations.AddField(
            model_name="label",
            name="version",
            field=models.PositiveIntegerField(db_default=1),
        ),
    ]
