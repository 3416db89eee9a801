from django.db import migrations

NAMES = {"PartedDomain": "FormerDomainOwner", "PartedAddress": "FormerAddressHolder"}


class Migration(migrations.Migration):
    """Other names in the code only: the tables keep theirs."""

    dependencies = [("directory", "0016_holders_of_before")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                operation
                for before, after in NAMES.items()
                for operation in (
                    migrations.AlterModelTable(before, f"directory_{before.lower()}"),
                    migrations.RenameModel(before, after),
                )
            ]
        )
    ]
