from django.db import migrations, models


class Migration(migrations.Migration):
    """Documents that applications have protected for people, until these were told."""

    dependencies = [("protection", "0032_protecting")]

    operations = [
        migrations.CreateModel(
            name="OwnerToTell",
            fields=[
                ("content_id", models.UUIDField(primary_key=True, serialize=False)),
                ("owner_id", models.UUIDField()),
                ("issuer_id", models.UUIDField()),
                ("application", models.CharField(max_length=200)),
                ("title", models.CharField(blank=True, max_length=255)),
                ("due_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("told_at", None)), fields=["due_at"], name="protection_owner_due"
                    ),
                    models.Index(fields=["owner_id", "issuer_id"], name="protection_owner_issuer"),
                ],
            },
        ),
    ]
