from django.db import migrations


class Migration(migrations.Migration):
    """Codes for clients and devices are remembered like refresh tokens."""

    dependencies = [("directory", "0007_who_starts_afresh")]

    operations = [migrations.RenameModel("SpentRefreshToken", "SpentSecret")]
