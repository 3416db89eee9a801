from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('protection', '0031_hidden_group_and_questions'),
    ]

    operations = [
        migrations.AddField(
            model_name='servicesettings',
            name='protecting',
            field=models.JSONField(default=dict),
        ),
    ]
