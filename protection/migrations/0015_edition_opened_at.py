from typing import Any

from django.db import migrations, models
from django.db.models import F


def seen_before(apps: Any, schema_editor: Any) -> None:
    """Take every edition of before as seen: who opened which was not kept, and none may be passed over by mistake."""
    rows = apps.get_model("protection", "Edition").objects.using(schema_editor.connection.alias)
    rows.update(opened_at=F("registered_at"))


class Migration(migrations.Migration):
    """When somebody else than its sealer first opened an edition: until then others may save without it."""

    dependencies = [("protection", "0014_pending_and_blocked")]

    operations = [
        migrations.AddField("edition", "opened_at", models.DateTimeField(null=True)),
        migrations.RunPython(seen_before, migrations.RunPython.noop),
    ]
