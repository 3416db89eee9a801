"""Show what operators did."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, organization_named
from portal.words.operator_record import shown_entries
from tenants.organizations.selectors import operator_record


class Command(OperatorCommand):
    """The operators' record, which can only be added to."""

    help = "Show what operators did, the newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to show of it."""
        parser.add_argument("--organization", metavar="SLUG", help="only what concerns this organization")
        parser.add_argument("--limit", metavar="NUMBER", type=int, default=50, help="how many entries (default: 50)")

    def handle(self, *_: Any, organization: str | None, limit: int, **__: Any) -> None:
        """Print one line for each entry."""
        only = None if organization is None else organization_named(organization).id
        for one in shown_entries(operator_record(0, limit, only)):
            number = "" if one.number is None else f"{one.number} messages"
            concerned = (one.slug, one.whom, number, one.reason)
            line = "  ".join([f"{one.at:%Y-%m-%d %H:%M} UTC", one.what, one.who, *(text for text in concerned if text)])
            self.stdout.write(line)
