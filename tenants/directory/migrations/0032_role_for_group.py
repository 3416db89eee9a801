from django.db import migrations, models
from django.db.models import CASCADE


class Migration(migrations.Migration):
    """Expand only: a role by which an application writes for the members of one group alone."""

    dependencies = [("directory", "0031_merge_code")]

    operations = [
        migrations.AddField(
            "roleassignment",
            "for_group",
            models.ForeignKey(null=True, on_delete=CASCADE, related_name="+", to="directory.group"),
        ),
    ]
