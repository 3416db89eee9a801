"""Create what administrators create, for every interface; each says what there is now and what it does not do yet."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped, reader_languages
from portal.usecases.caller import Caller
from portal.usecases.effects import Effect, effect
from portal.usecases.own_gain import watching_own_gain
from portal.usecases.roles import create_application
from protection.selectors.templates import in_language, template, templates
from protection.services.create_template import copy_template, create_template
from protection.services.publish_template import publish_template
from protection.services.save_label import LabelDraft, create_label
from protection.services.template_draft import TemplateDraft
from tenants import naming
from tenants.directory.members import Member
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.groups import GroupFacts
from tenants.directory.selectors.people import person_known_as
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_application import Credentials
from tenants.directory.services.create_group import create_group


@dataclass(frozen=True, slots=True)
class NewGroup:
    """The group that there is now, and in words what it gives and to whom."""

    group: GroupFacts
    effect: Effect


@dataclass(frozen=True, slots=True)
class NewApplication:
    """What the application signs in with, shown once, and in words what it may do."""

    credentials: Credentials
    effect: Effect


@transaction.atomic
def new_template(*, caller: Caller, draft: TemplateDraft, publish: bool = False) -> Effect:
    """Create a template, and offer it at once where that is asked for."""
    made = create_template(actor=caller.actor, draft=draft)
    if publish:
        publish_template(actor=caller.actor, template=made)
    name = in_language(draft.names, reader_languages())
    done = (
        _("The template “{name}” is made and offered for protecting.")
        if publish
        else _("The template “{name}” is made. It is archived until you publish it.")
    )
    return effect(True, done.format(name=name), "", *unusual(draft), id=str(made))


def new_copy(*, caller: Caller, template_id: UUID, name: str = "") -> Effect:
    """Create an archived template that says what another one says now."""
    made = copy_template(actor=caller.actor, template=template_id, name=name)
    languages = reader_languages()
    done = _("The template “{name}” is made as a copy of “{model}”. It is archived until you publish it.")
    names = {"name": template(made).name(*languages), "model": template(template_id).name(*languages)}
    return effect(True, done.format(**names), "", id=str(made))


def unusual(draft: TemplateDraft) -> Iterator[str]:
    """Say what is allowed but seldom meant: a template that lets nobody in, a name that another one has too."""
    if not draft.policy.grants:
        yield _("Nobody is named in this template: what it protects opens for its owner alone.")
    named = {name.casefold(): name for name in draft.names.values()}
    held = [{text.casefold() for text in one.names.values()} for one in templates()]
    for folded, name in named.items():
        if sum(folded in one for one in held) > 1:
            yield _("Another template is called “{name}” too; people cannot tell them apart.").format(name=name)


def new_label(*, caller: Caller, draft: LabelDraft, publish: bool) -> Effect:
    """Create a label, and offer it at once where that is asked for."""
    made = create_label(actor=caller.actor, draft=draft, publish=publish)
    done = (
        _("The label “{name}” is made and offered.")
        if publish
        else _("The label “{name}” is made. It is archived until you publish it.")
    )
    return effect(True, done.format(name=in_language(draft.names, reader_languages())), "", id=str(made))


def new_group(
    *, caller: Caller, address: str, name: str, description: str = "", members: Sequence[str] = ()
) -> NewGroup:
    """Create a group under an address of the organization's own."""
    with watching_own_gain(caller=caller, changes="group"):
        made = create_group(
            organization_id=caller.organization,
            address=address,
            name=name,
            description=description,
            members=[Member(address=one) for one in members],
            actor=caller.directory_actor,
        )
    number = len(made.members)
    done = ngettext(
        "The group {address} is made, with {number} member. It gives what policies grant to its address.",
        "The group {address} is made, with {number} members. It gives what policies grant to its address.",
        number,
    ).format(address=made.address, number=grouped(number))
    return NewGroup(made, effect(True, done, "", *nobody_yet(caller, made)))


def nobody_yet(caller: Caller, group: GroupFacts, only: Iterable[str] | None = None) -> Iterator[str]:
    """Warn of members in the organization's own domains that are addresses nobody has yet: most are mistyped.

    Of other domains' addresses nothing is said: whom they belong to is not this organization's business
    (docs/protocol.md P20). ``only`` are the addresses to look at, all where it is None.
    """
    own = {one.domain for one in domains_in(caller.organization) if one.proven_at}
    bare = [one.address for one in group.members if one.kind == "address" and naming.domain_of(one.address) in own]
    wanted = None if only is None else {one.casefold() for one in only}
    named = [one for one in bare if wanted is None or one in wanted]
    nobody = [one for one in named if person_known_as(caller.organization, one) is None]
    if nobody:
        text = _("Nobody has this address yet: {addresses}. Whoever proves it will be a member.")
        yield text.format(addresses=", ".join(nobody))


def new_application(*, caller: Caller, name: str, roles: Sequence[str]) -> NewApplication:
    """Create an application that acts as itself.  Raises NotPermitted."""
    made = create_application(caller=caller, name=name, roles=roles)
    done = (
        _("The application “{name}” is made. It may act as: {roles}.").format(name=name, roles=", ".join(roles))
        if roles
        else _("The application “{name}” is made. It can open only what it is granted.").format(name=name)
    )
    return NewApplication(made, effect(True, done, "", _("Its secret is shown this once only.")))


def new_domain(*, caller: Caller, domain: str) -> Effect:
    """Claim a mail domain; asking again answers with the same text for the DNS."""
    normal = naming.mail_domain(domain)
    known = next((one for one in domains_in(caller.organization) if one.domain == normal), None)
    challenge = claim_domain(organization_id=caller.organization, domain=domain, actor=caller.directory_actor)
    done = _("{domain} is claimed. Put this into its DNS as a TXT record, then prove it: {challenge}")
    state = (
        _("{domain} is proven already.")
        if known is not None and known.proven_at
        else _("{domain} is claimed already. Its TXT record is: {challenge}")
    )
    words = {"domain": normal, "challenge": challenge}
    return effect(known is None, done.format(**words), state.format(**words), domain=normal, challenge=challenge)
