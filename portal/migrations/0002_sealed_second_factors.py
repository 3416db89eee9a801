from typing import Any

from django.db import migrations

from portal.identity.second_factors import SEALED, seal


def seal_all(apps: Any, _schema_editor: Any) -> None:
    """Seal what earlier versions kept in clear: keys of authenticator apps and seeds of recovery codes."""
    for row in apps.get_model("mfa", "Authenticator").objects.filter(type__in=["totp", "recovery_codes"]):
        data = dict(row.data)
        for member in ("secret", "seed"):
            if member in data and not data[member].startswith(SEALED):
                data[member] = seal(data[member])
        row.data = data
        row.save(update_fields=["data"])


class Migration(migrations.Migration):
    """The key is no part of the database, so it is done in Python."""

    dependencies = [("portal", "0001_initial"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [migrations.RunPython(seal_all, migrations.RunPython.noop)]
