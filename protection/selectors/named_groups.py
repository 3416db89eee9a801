"""What names a group here: documents and templates, and whether any of them denies something to it."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q

from chancery.policy.policy import parse_policy
from protection.models import Content, TemplateVersion


@dataclass(frozen=True, slots=True)
class Named:
    """How many documents with a policy of their own and how many templates name a group; ``denied`` by any of them."""

    documents: int
    templates: int
    denied: bool


def named(group: UUID, address: str) -> Named:
    """Return what names a group of the organization; other organizations' policies are not known here."""
    entry = f"address:{address}"
    denying = Q(policy__deny__has_key=entry)
    granting = Q(policy__contains={"grants": [{"who": entry}]})
    taken = Q(revocations__identity=group) | Q(revocations__address=address)
    documents = Content.objects.filter(denying | granting | taken)
    current = TemplateVersion.objects.filter(number=F("template__current"), template__deleted_at=None)
    policies = [parse_policy(policy) for policy in current.values_list("policy", flat=True)]
    denied = Content.objects.filter(denying | taken).exists()
    return Named(
        documents=documents.distinct().count(),
        templates=sum(any(str(who) == entry for who in (*one.index, *one.deny)) for one in policies),
        denied=denied or any(str(who) == entry for one in policies for who in one.deny),
    )
