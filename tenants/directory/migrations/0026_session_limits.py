import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only: how long members of an organization stay signed in."""

    dependencies = [("directory", "0025_sessions_in_use")]

    operations = [
        migrations.CreateModel(
            name="SessionLimits",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="session_limits",
                        serialize=False,
                        to="organizations.organization",
                    ),
                ),
                ("browser_idle_minutes", models.PositiveIntegerField(null=True)),
                ("browser_hours", models.PositiveIntegerField(null=True)),
                ("program_idle_days", models.PositiveIntegerField(null=True)),
                ("program_days", models.PositiveIntegerField(null=True)),
            ],
        ),
    ]
