"""To whom a template is offered, and templates that are deleted but kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("protection", "0007_first_openings")]

    operations = [
        migrations.AddField("templateversion", "scope", models.JSONField(default=list, db_default=[])),
        migrations.AddField("templateversion", "offered_to_legacy", models.BooleanField(db_default=False)),
        migrations.AddField("protectiontemplate", "deleted_at", models.DateTimeField(null=True)),
    ]
