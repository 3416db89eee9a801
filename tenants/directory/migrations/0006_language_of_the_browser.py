"""Without a choice of one's own, pages speak the browser's language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only."""

    dependencies = (("directory", "0005_joined_groups"),)

    operations = (
        migrations.AlterField(
            model_name="person",
            name="language",
            field=models.CharField(blank=True, default="", max_length=10),
        ),
    )
