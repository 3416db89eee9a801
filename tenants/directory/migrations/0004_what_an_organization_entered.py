"""What an organization entered of each person: of guests it sees nothing else."""

from django.db import migrations, models

# Of guests who are there already: the address that their organization asserted, the only one it knew.
FILL = """
UPDATE public.directory_membership m SET address = a.address FROM public.directory_address a
WHERE m.guest AND a.person_id = m.person_id AND a.asserted_by_id = m.organization_id
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_device_token_family")]

    operations = [
        migrations.AddField("membership", "address", models.CharField(blank=True, max_length=254)),
        migrations.AddField("membership", "name", models.CharField(blank=True, max_length=200)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
