from django.conf import settings
from django.db import migrations, models
from django.db.models import CASCADE


class Migration(migrations.Migration):
    """Expand only: browsers in which people have signed in."""

    dependencies = [("directory", "0026_session_limits")]

    operations = [
        migrations.CreateModel(
            name="KnownBrowser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64)),
                ("used_at", models.DateTimeField(db_index=True)),
                ("announced_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(on_delete=CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["person", "token_hash"], name="directory_browser_once_for_a_person")
                ],
            },
        ),
    ]
