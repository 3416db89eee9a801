from typing import Any

from django.db import migrations

CLI, ACCESS = "chancery-cli", "api"


def allow_access(apps: Any, _schema_editor: Any) -> None:
    """Let the command-line client of an installation that exists ask for access alone, as newer clients do."""
    for client in apps.get_model("allauth_idp_oidc", "Client").objects.filter(id=CLI):
        client.scopes = "\n".join(dict.fromkeys([ACCESS, *client.scopes.split()]))
        client.default_scopes = ACCESS
        client.save(update_fields=["scopes", "default_scopes"])


class Migration(migrations.Migration):

    dependencies = [
        ("portal", "0002_sealed_second_factors"),
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
    ]

    operations = [migrations.RunPython(allow_access, migrations.RunPython.noop)]
