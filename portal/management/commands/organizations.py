"""List the organizations of the installation."""

from typing import Any

from portal.management.operator import OperatorCommand
from portal.usecases.operators import installed
from tenants.organizations.selectors import count_organizations


class Command(OperatorCommand):
    """What the operators' console lists."""

    help = "List all organizations: short name, state, host, people, documents, when created."

    def handle(self, *_: Any, **__: Any) -> None:
        """Print one line for each."""
        for one in installed(0, count_organizations()):
            facts = one.listed.facts
            people = _count(one.listed.people, "person", "people")
            documents = "- documents" if one.documents is None else _count(one.documents, "document", "documents")
            self.stdout.write(
                f"{facts.slug}  {facts.state}  {facts.host or '-'}  {people}  {documents}"
                f"  created {one.listed.created_at:%Y-%m-%d %H:%M} UTC"
            )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
