"""Database roles, and the operator record kept from changes.

The statements are idempotent: roles belong to the whole database server, so another database of the same server may
have made them already.
"""

from django.db import migrations

from tenants import roles


class Migration(migrations.Migration):
    """Adds the roles; ``migrate`` grants them the shared tables after every run."""

    dependencies = [("organizations", "0001_initial")]

    operations = [
        migrations.RunSQL(roles.CREATE_ROLES, migrations.RunSQL.noop),
        migrations.RunSQL(
            roles.KEEP_OPERATOR_RECORD,
            "DROP FUNCTION public.organizations_refuse_change() CASCADE",
        ),
    ]
