"""List the organizations of the installation."""

from typing import Any

from django.conf import settings

from portal.management.operator import OperatorCommand
from portal.usecases.operators import installed
from tenants.organizations.selectors import OrganizationFacts, count_individuals, count_organizations


class Command(OperatorCommand):
    """What the operators' console lists."""

    help = "List all organizations: short name, state, host, people, documents, when created, of individuals or not."

    def handle(self, *_: Any, **__: Any) -> None:
        """Print one line for each."""
        for one in installed(0, count_organizations()):
            facts = one.listed.facts
            people = _count(one.listed.people, "person", "people")
            documents = "- documents" if one.documents is None else _count(one.documents, "document", "documents")
            self.stdout.write(
                f"{facts.slug}  {facts.state}  {facts.host or '-'}  {people}  {documents}"
                f"  created {one.listed.created_at:%Y-%m-%d %H:%M} UTC{_of_whom(facts)}"
            )
        shared, personal = count_individuals()
        if shared or personal:
            most = settings.CHANCERY_INDIVIDUALS
            self.stdout.write(f"{shared} of individuals and {personal} personal ones, of {most} at most.")


def _of_whom(facts: OrganizationFacts) -> str:
    if facts.is_unmanaged:
        return "  of individuals, without administrators"
    return "  personal" if facts.individuals_person else ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
