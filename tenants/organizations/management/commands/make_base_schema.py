"""Generate ``tenants/base.sql`` from the migrations of the organizations' apps."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

import tenants
from tenants import base_schema


class Command(BaseCommand):
    """Run it after every new migration of protection or audit, and commit the result."""

    help = "Write tenants/base.sql, from which every new organization is made."

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate the file."""
        path = Path(tenants.__path__[0]) / "base.sql"
        text = base_schema.write(path)
        self.stdout.write(f"Wrote {path.name}: {len(text.splitlines())} lines.")
