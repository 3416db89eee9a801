from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only: domains that were given up before this are not known."""

    dependencies = [("directory", "0008_spent_codes")]

    operations = [
        migrations.CreateModel(
            name="PartedDomain",
            fields=[
                ("domain", models.CharField(max_length=253, primary_key=True, serialize=False)),
                ("organization_id", models.UUIDField()),
                ("ended_at", models.DateTimeField()),
            ],
        ),
    ]
