"""When each person first opened each document, for ends that count from there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only."""

    dependencies = (("protection", "0006_who_is_denied"),)

    operations = (
        migrations.CreateModel(
            name="FirstOpening",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "content_id", "person_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "content",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="first_openings",
                        to="protection.content",
                    ),
                ),
            ],
        ),
    )
