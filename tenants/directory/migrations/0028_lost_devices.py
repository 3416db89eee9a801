from django.conf import settings
from django.db import migrations, models
from django.db.models import CASCADE


class Migration(migrations.Migration):
    """Expand only: devices that are lost, and codes to report one without signing in."""

    dependencies = [("directory", "0027_known_browsers")]

    operations = [
        migrations.AddField("device", "lost_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="LossCode",
            fields=[
                ("code_hash", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("person", models.ForeignKey(on_delete=CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
