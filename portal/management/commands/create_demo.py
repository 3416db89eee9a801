"""Make the product's demo on a new installation; embedded mode only."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from portal.management.demo import create_demo
from portal.management.operator import OperatorCommand


class Command(OperatorCommand):
    """Run by the first ``up``; what it prints is kept and shown at every start."""

    help = "Fill a new installation with two organizations and their first documents (embedded mode only)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, and say where to look and how to sign in."""
        if not settings.CHANCERY_EMBEDDED:
            raise CommandError("The demo is made in the embedded mode only: it sets passwords that it prints.")
        demo = create_demo(settings.CHANCERY_DATA / "demo")
        base = settings.CHANCERY_BASE
        self.stdout.write("\nTwo organizations are set up, and a partner has opened a protected file.\n")
        for address, what, host in demo.people:
            self.stdout.write(f"  {address:24} {what}\n  {'':24} {base.origin_of(host)}/\n")
        self.stdout.write(f"\nThe password of all four is   {demo.password}\n")
        document = f"{base.origin_of('contoso.' + base.host)}/documents/{demo.plan}/"
        self.stdout.write(f"\nLook at who opened Olga's plan, and who was refused (sign in as Olga):\n  {document}\n")
        self.stdout.write(f"Mail that people would get:\n  {base.origin}/outbox/\n")
        self.stdout.write(f"Her sealed files are in {demo.folder}.\n")
