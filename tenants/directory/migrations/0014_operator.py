import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only: who may look after the installation in the browser."""

    dependencies = [("directory", "0013_owners_of_before")]

    operations = [
        migrations.CreateModel(
            name="Operator",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="directory.person",
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
        ),
    ]
