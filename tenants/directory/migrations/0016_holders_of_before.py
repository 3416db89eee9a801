from django.db import migrations, models


class Migration(migrations.Migration):
    """Expand only: who lost an address before this is not known."""

    dependencies = [("directory", "0015_revocations")]

    operations = [
        migrations.CreateModel(
            name="PartedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=254)),
                ("holder_id", models.UUIDField()),
                ("ended_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("address", "holder_id"), name="directory_address_parted_once_from_holder"
                    )
                ]
            },
        ),
    ]
