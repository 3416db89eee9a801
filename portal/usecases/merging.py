"""One person has two accounts, and one of them takes the other in (decision 48).

Both are shown to be theirs: the other account gives a code after a fresh sign-in, and this one enters it after another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.notifications.addresses import mail_accounts_merged
from portal.throttle import count_wrong_guess, may_guess
from portal.usecases.confirmation import ConfirmationPrompt, FreshSignInRequired, Stated, confirmed, is_fresh
from portal.usecases.effects import Effect, effect
from protection.actor import Actor as DocumentActor
from protection.selectors.budgets import is_paused
from protection.selectors.documents import owned_by
from protection.selectors.super_users import is_trusted_with_grants
from protection.services.hand_over import Person, Which, ask_hand_over
from protection.services.merge_identity import merge_identity, schemas_naming
from tenants.actor import Actor
from tenants.connections.people import is_provisioned_person
from tenants.context import in_schema
from tenants.directory.errors import CodeRefused, DirectoryRefused, NotPermitted
from tenants.directory.selectors.addresses import mailed_about
from tenants.directory.selectors.people import enabled_among, memberships_of, named_person
from tenants.directory.selectors.subject import subject_row
from tenants.directory.services.merge_accounts import merge_accounts, require_mergeable
from tenants.directory.services.merge_code import LIFETIME, account_of_merge_code, issue_merge_code, use_merge_code
from tenants.homes.selectors import home_of_person
from tenants.organizations.selectors import OrganizationFacts, organizations

GUESSES: Final = 10
"""Wrong codes that one account may try within ``SECONDS``."""
SECONDS: Final = 600


class TooManyMergeCodes(ChanceryError):
    """Too many wrong codes were entered in one account."""

    code = "too_many_codes"

    def __init__(self) -> None:
        super().__init__(
            message("Too many wrong codes were entered."),
            remedy=message("Wait {minutes} minutes.", minutes=SECONDS // 60),
        )
        self.seconds = SECONDS


@dataclass(frozen=True, slots=True)
class MergeCodeGiven:
    """A code, shown once, and until when it is good."""

    code: str
    until: datetime
    effect: Effect


def give_merge_code(*, actor: Actor, stated: Stated) -> MergeCodeGiven:
    """Give the person a code with which another account of theirs takes this one in, after a fresh sign-in."""
    person = _person(actor)
    if not is_fresh(stated):
        raise FreshSignInRequired(
            ConfirmationPrompt(
                question=_("Get a code to merge this account into another one?"),
                consequences=(),
                button=_("Go on"),
                confirm="",
                needs_fresh=True,
            )
        )
    code, until = issue_merge_code(person), timezone.now() + LIFETIME
    done = _("Sign in to the account that you keep, and enter the code there within 15 minutes. It is shown this once.")
    return MergeCodeGiven(code, until, effect(True, done, ""))


def merge(*, actor: Actor, code: str, stated: Stated) -> Effect:
    """Let the account take in the one whose code it is, asked first.

    Raises CodeRefused, TooManyMergeCodes and DirectoryRefused.
    """
    kept = _person(actor)
    merged = _account(kept, code)
    require_mergeable(kept=kept, merged=merged)
    known = _organizations_naming(merged)
    _require_nothing_kept_apart(kept, merged, known)
    named = named_person(merged)
    address = named.email if named is not None else ""

    def act(_reason: str) -> None:
        readers = {*mailed_about(kept), *mailed_about(merged)}
        use_merge_code(code)
        merge_accounts(kept=kept, merged=merged, actor=actor)
        for organization in known:
            with in_schema(organization.schema_name):
                merge_identity(kept=kept, merged=merged)
                _hand_over(organization, actor, Person(merged, address))
        mail_accounts_merged(kept, readers, merged=address, into=actor.address)

    with transaction.atomic():
        confirmed(_merging(actor.address, address, known, merged), stated, act)
    done = _("{address} is part of this account now. What it was granted opens here; nobody signs in to it any more.")
    return effect(True, done.format(address=address), "", address=address)


def _person(actor: Actor) -> UUID:
    if actor.person_id is None or actor.application:
        raise NotPermitted(_("An application has no other account. Sign in as a person."))
    return actor.person_id


def _account(kept: UUID, code: str) -> UUID:
    """Return the account whose code it is; wrong ones are counted.  Raises CodeRefused and TooManyMergeCodes."""
    guesser = f"merge-code:{kept}"
    if not may_guess(guesser, most=GUESSES):
        raise TooManyMergeCodes
    try:
        return account_of_merge_code(code)
    except CodeRefused:
        count_wrong_guess(guesser, seconds=SECONDS)
        raise


def _organizations_naming(person: UUID) -> list[OrganizationFacts]:
    """Return the organizations in which somebody has a place, or of which anything is known of them."""
    found = {one.schema_name: one for one in organizations()}
    naming, places = set(schemas_naming(person, list(found))), {one.organization_id for one in memberships_of(person)}
    return [one for schema, one in found.items() if schema in naming or one.id in places]


def _require_nothing_kept_apart(kept: UUID, merged: UUID, known: Iterable[OrganizationFacts]) -> None:
    """Refuse what others decide: who comes from where, may ask for grants, or is paused.  Raises DirectoryRefused."""
    if any(home_of_person(one) is not None for one in (kept, merged)):
        raise DirectoryRefused(_("An account of another installation is not merged: its people sign in at home."))
    if is_provisioned_person(merged):
        raise DirectoryRefused(
            _("The other account comes from your organization's directory. Sign in to it, and merge this one into it.")
        )
    for organization in known:
        row = subject_row(merged, organization.id)
        groups = [] if row is None else [one.id for one in row.groups]
        with in_schema(organization.schema_name):
            if any(is_paused(one) for one in (kept, merged)):
                raise DirectoryRefused(
                    _("One of the accounts is paused at {organization}. Wait for its end.").format(
                        organization=organization.name
                    )
                )
            if is_trusted_with_grants(merged, groups):
                raise DirectoryRefused(
                    _("The other account is a super user or keeps a recovery key at {organization}.").format(
                        organization=organization.name
                    )
                )


def _hand_over(organization: OrganizationFacts, actor: Actor, former: Person) -> None:
    """Let the worker hand the documents over as their owner would; the new one has to have a place here."""
    kept = _person(actor)
    if owned_by(former.id) and kept in enabled_among(organization.id, [kept]):
        owner = DocumentActor(
            person=former.id, address=former.address, name=actor.name, ip=actor.ip, source=actor.source
        )
        ask_hand_over(actor=owner, former=former, new=Person(kept, actor.address), which=Which())


def _merging(address: str, merged: str, known: Iterable[OrganizationFacts], person: UUID) -> ConfirmationPrompt:
    documents = 0
    for organization in known:
        with in_schema(organization.schema_name):
            documents += owned_by(person)
    return ConfirmationPrompt(
        question=_("Merge {merged} into {address}?").format(merged=merged, address=address),
        consequences=(
            _("Its addresses, groups and organizations come to this account. Nobody signs in to it any more."),
            _("What was granted to it opens here. What was taken back from it or is denied to it is closed here too."),
            _("Documents that it owns become yours within a minute: {number}. Those of others stay theirs.").format(
                number=documents
            ),
            _("Its devices, sessions and second factors end. Licenses that its devices keep are invalidated."),
            _("What was recorded keeps its name. All addresses of both accounts get a mail."),
            _("This cannot be undone."),
        ),
        button=_("Merge the accounts"),
        confirm=merged,
        typed=True,
        needs_fresh=True,
    )
