from typing import Any

from django.db import migrations, models

RENAMED = {"held": "pending", "barred": "blocked"}


def rename(apps: Any, schema_editor: Any) -> None:
    """Give stored registrations the words that API, commands and pages use."""
    rows = apps.get_model("protection", "Content").objects.using(schema_editor.connection.alias)
    for before, after in RENAMED.items():
        rows.filter(registration=before).update(registration=after)


class Migration(migrations.Migration):
    """A registration that waits is pending, one that is refused for good is blocked: one word each, everywhere."""

    dependencies = [("protection", "0013_one_rule_for_addresses")]

    operations = [
        migrations.RenameField("content", "held_because", "pending_because"),
        migrations.RenameField("content", "issuer_barred", "issuer_blocked"),
        migrations.AlterField(
            "content",
            "registration",
            models.CharField(
                choices=[("registered", "Registered"), ("pending", "Pending"), ("blocked", "Blocked")], max_length=16
            ),
        ),
        migrations.RunPython(rename, migrations.RunPython.noop),
    ]
