"""Which of a template's names is the fallback: the database keeps no order of languages."""

from django.db import migrations, models

FILL = """
UPDATE protection_templateversion SET language = CASE WHEN names ? 'en' THEN 'en'
ELSE (SELECT min(tag) FROM jsonb_object_keys(names) AS tag) END
"""


class Migration(migrations.Migration):
    dependencies = [("protection", "0004_revoked_by_address")]

    operations = [
        migrations.AddField(
            "templateversion", "language", models.CharField(max_length=35, default="en"), preserve_default=False
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
