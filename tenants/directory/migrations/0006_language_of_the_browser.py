from django.db import migrations, models


class Migration(migrations.Migration):
    """Nobody could choose a language so far: what stands there is the default, not a wish."""

    dependencies = [("directory", "0005_joined_groups")]

    operations = [
        migrations.AlterField(
            model_name="person",
            name="language",
            field=models.CharField(blank=True, default="", max_length=10),
        ),
        migrations.RunSQL("UPDATE directory_person SET language = ''", migrations.RunSQL.noop),
    ]
