import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('protection', '0009_access_requests'),
    ]

    operations = [
        migrations.CreateModel(
            name='Preview',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('template', 'Template'), ('group', 'Group'), ('person', 'Person')], max_length=16)),
                ('target', models.UUIDField()),
                ('change', models.JSONField()),
                ('seen', models.JSONField(default=dict)),
                ('days', models.PositiveSmallIntegerField(db_default=30)),
                ('asked_by', models.UUIDField()),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('saved', 'Saved')], db_default='waiting', max_length=16)),
                ('attempts', models.PositiveSmallIntegerField(db_default=0)),
                ('touched_at', models.DateTimeField(null=True)),
                ('done', models.PositiveIntegerField(db_default=0)),
                ('total', models.PositiveIntegerField(db_default=0)),
                ('epoch', models.BigIntegerField(db_default=0)),
                ('result', models.JSONField(null=True)),
                ('error', models.CharField(db_default='', max_length=500)),
            ],
            options={
                'indexes': [models.Index(fields=['asked_at'], name='protection_preview_oldest')],
            },
        ),
    ]
