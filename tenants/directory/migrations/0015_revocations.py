from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ('directory', '0014_operator'),
    ]

    operations = [
        migrations.RenameModel('Withdrawal', 'Revocation'),
        migrations.RenameModel('PendingWithdrawal', 'PendingRevocation'),
        migrations.RenameField('PendingRevocation', 'withdrawal', 'revocation'),
    ]
