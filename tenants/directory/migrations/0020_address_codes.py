from django.conf import settings
from django.db import migrations, models
from django.db.models import CASCADE


class Migration(migrations.Migration):
    """Codes that prove a further address of a person."""

    dependencies = [("directory", "0019_licensed_at")]

    operations = [
        migrations.CreateModel(
            name="AddressCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(db_index=True, max_length=254)),
                ("code_hash", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField(db_index=True)),
                ("expires_at", models.DateTimeField()),
                ("wrong", models.PositiveSmallIntegerField(db_default=0)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(on_delete=CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
    ]
