"""Erase a suspended organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.operations.command_line import organization_named, refusals_said
from portal.operations.end_organization import end_organization
from tenants.actor import OPERATOR


class Command(BaseCommand):
    """Asks for the short name twice, because nothing brings an erased organization back."""

    help = "Erase a suspended organization: its keys, its data, its people's places."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the operation needs."""
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--confirm", required=True, metavar="SLUG", help="the short name once more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase it."""
        if options["slug"] != options["confirm"]:
            raise CommandError("The two short names differ; nothing was erased.")
        organization = organization_named(options["slug"])
        with refusals_said():
            end_organization(organization_id=organization.id, reason=options["reason"], actor=OPERATOR)
        self.stdout.write(f"{organization.slug} is erased.")
