"""What a file of templates holds, in whichever of its two formats (``docs/templates.md``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final
from uuid import UUID

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Grant, Policy, Principal, PrincipalKind
from chancery.texts import message
from protection.selectors.templates import Expiry
from protection.services.template_draft import TemplateDraft

MAX_TEXT: Final = 4 * 1024 * 1024
"""Characters of one file: thousands of templates, far below what would be hard to hold in memory."""


class InvalidImport(InvalidPolicy):
    """A file of templates cannot be read, or says something that no template can say."""

    code: ClassVar[str] = "invalid_import"
    remedy = message("Correct the file, or export it again. Nothing was imported.")


@dataclass(frozen=True, slots=True)
class Here:
    """The organization whose templates are exported or imported, with the mail domains it has proven."""

    id: UUID
    name: str
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WrittenTemplate:
    """One template of a file.  A member that is None is not said there, so it stays as it is here.

    ``partial`` is a policy of which only grants and offline days were said, since the format knows no more.
    """

    where: str
    """Its place in the file, for people."""
    id: UUID
    names: Mapping[str, str]
    policy: Policy
    partial: bool = False
    descriptions: Mapping[str, str] | None = None
    expiry: Expiry | None = None
    scope: tuple[str, ...] | None = None
    offered_to_legacy: bool | None = None

    def draft(self, known: TemplateDraft | None) -> TemplateDraft:
        """Return what the template is to say from now on, given what it says."""
        before = TemplateDraft(names=self.names, policy=Policy()) if known is None else known
        policy = self.policy
        if self.partial:
            grants = _with_ends(policy.grants, before.policy)
            policy = replace(before.policy, grants=grants, offline_days=policy.offline_days)
        option, expires, days = (
            (before.expiry_option, before.expires, before.expires_after_days) if self.expiry is None else self.expiry
        )
        return TemplateDraft(
            names=self.names,
            descriptions=before.descriptions if self.descriptions is None else self.descriptions,
            policy=policy,
            expiry_option=option,
            expires=expires,
            expires_after_days=days,
            scope=before.scope if self.scope is None else self.scope,
            offered_to_legacy=before.offered_to_legacy if self.offered_to_legacy is None else self.offered_to_legacy,
        )


def _with_ends(grants: Iterable[Grant], before: Policy) -> tuple[Grant, ...]:
    """Return grants that cannot say when they end, each with the first end that the same entry had before."""
    ends = {who: known[-1].until for who, known in before.index.items()}
    return tuple(replace(grant, until=ends.get(grant.who)) for grant in grants)


@dataclass(frozen=True, slots=True)
class Document:
    """All templates of a file, and the organization it was exported from if it says so."""

    organization: UUID | None
    templates: tuple[WrittenTemplate, ...]


def moved(policy: Policy, origin: UUID | None, here: UUID) -> Policy:
    """Return a policy that says of this organization what it said of the one it was exported from.

    "Everybody" means the organization in which a template lives; any other organization that it names stays who it is.
    """
    if origin is None or origin == here:
        return policy
    old = Principal(PrincipalKind.ORGANIZATION, str(origin))
    new = Principal(PrincipalKind.ORGANIZATION, str(here))
    return replace(
        policy,
        grants=tuple(replace(grant, who=new) if grant.who == old else grant for grant in policy.grants),
        deny=tuple(new if who == old else who for who in policy.deny),
    )


def foreign_organizations(policy: Policy, here: UUID) -> tuple[str, ...]:
    """Return the other organizations that a policy names."""
    named = {who.value for who in (*policy.index, *policy.deny) if who.kind is PrincipalKind.ORGANIZATION}
    return tuple(sorted(named - {str(here)}))
