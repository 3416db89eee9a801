import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('protection', '0030_read_permissions'),
    ]

    operations = [
        migrations.CreateModel(
            name='AskedAbout',
            fields=[
                ('event_id', models.UUIDField(primary_key=True, serialize=False)),
                ('contents', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
            ],
        ),
        migrations.AddField(
            model_name='unmasking',
            name='group_address',
            field=models.CharField(db_default='', max_length=320),
        ),
        migrations.AddField(
            model_name='unmasking',
            name='group_after',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='unmasking',
            name='group_before',
            field=models.UUIDField(null=True),
        ),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(condition=models.Q(('mailed_at__isnull', False)), fields=['mailed_at'], name='protection_alarm_mailed'),
        ),
    ]
