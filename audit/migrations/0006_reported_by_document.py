from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0005_opened_by_document'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('kind', 'content.reported')), fields=['content_id', 'outcome', 'reason'], name='audit_event_reported'),
        ),
    ]
