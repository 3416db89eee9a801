"""What dangerous acts would do, said before they are done: documents and people concerned, until when copies live."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped, reader_languages
from portal.usecases.confirmation import ConfirmationPrompt, copies_until, if_any
from portal.usecases.left_behind import before_they_go
from portal.words.roles import role_in_words, sentence_of
from protection.selectors.affected import (
    affected_by_document,
    affected_by_key,
    affected_by_people,
    affected_by_person,
    affected_by_service,
)
from protection.selectors.documents import Document, owned_by
from protection.selectors.labels import documents_with, label
from protection.selectors.named_groups import Named
from protection.selectors.organization import Key
from protection.selectors.templates import documents_under, template
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.devices import DeviceFacts
from tenants.directory.selectors.domains import ApplicationFacts
from tenants.directory.selectors.groups import GroupFacts, people_held
from tenants.directory.selectors.people import PersonFacts, people_with_domain
from tenants.organizations.selectors import OrganizationFacts


def switching_off(organization: OrganizationFacts) -> ConfirmationPrompt:
    """Say what switching the service off does."""
    reach = affected_by_service()
    return ConfirmationPrompt(
        question=_("Switch the protection service off?"),
        consequences=(
            _documents(reach.documents, _("No document can be opened or protected.")),
            people_lately(reach.people),
            copies_until(reach.until),
            _("It can be switched on again; then everything opens as before."),
        ),
        button=_("Switch the service off"),
        confirm=organization.name,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def disabling(person: PersonFacts) -> ConfirmationPrompt:
    """Say what disabling a person does."""
    reach, owned = affected_by_person(person.id), owned_by(person.id)
    return ConfirmationPrompt(
        question=_("Disable {address}?").format(address=person.email or person.name),
        consequences=(
            _("They get no license from now on and cannot act here."),
            *if_any(
                reach.documents,
                ngettext(
                    "{number} document that they protected or own does not change: others open it as before.",
                    "{number} documents that they protected or own do not change: others open them as before.",
                    reach.documents,
                ),
            ),
            *before_they_go(owned),
            copies_until(reach.until),
            _("They can be enabled again."),
        ),
        button=_("Disable this person"),
        confirm=person.email or person.name,
        needs_reason=True,
        leaves=person.id if owned else None,
    )


def changing_role(person: PersonFacts, role: str) -> ConfirmationPrompt:
    """Say what another role does: making somebody an administrator, or no longer one, above all."""
    if (role == ADMINISTRATOR) == (ADMINISTRATOR in person.roles):
        return ConfirmationPrompt(
            question=_("Give {address} the role {role}?").format(address=person.email, role=role_in_words(role)),
            consequences=(
                sentence_of(role),
                _("It takes the place of the roles that they were given; those that they hold by a group stay."),
            ),
            button=_("Change the role"),
            confirm=person.email,
            needs_reason=True,
            needs_fresh=True,
        )
    if role == ADMINISTRATOR:
        return _administrator(person.email)
    return ConfirmationPrompt(
        question=_("Take the administrator's role from {address}?").format(address=person.email),
        consequences=(
            _("They may not manage anything from now on; as {role} they keep what documents grant them.").format(
                role=role_in_words(role)
            ),
        ),
        button=_("Take the role"),
        confirm=person.email,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def adding(address: str, role: str) -> ConfirmationPrompt | None:
    """Say what adding somebody as an administrator does; None for any other role."""
    return _administrator(address) if role == ADMINISTRATOR else None


def _administrator(address: str) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Make {address} an administrator?").format(address=address),
        consequences=(
            _(
                "They may then manage people, groups, templates, keys and settings, and take access to any document"
                " back."
            ),
            _("Their role does not open content, but they decide who is in groups that do."),
        ),
        button=_("Make them an administrator"),
        confirm=address,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def blocking_document(found: Document) -> ConfirmationPrompt:
    """Say what blocking a pending document does."""
    return ConfirmationPrompt(
        question=_("Block “{title}” for good?").format(title=found.row.title or _("this document")),
        consequences=(
            _("No one gets a license for it any more, not even the person who protected it."),
            copies_until(affected_by_document(found.row.cid).until),
            _("This holds for every copy of the file and cannot be undone. The original can be protected again."),
        ),
        button=_("Block it for good"),
        confirm=found.row.title,
        needs_reason=True,
    )


def archiving_template(template_id: UUID) -> ConfirmationPrompt:
    """Say what archiving a template does."""
    found, documents = template(template_id), documents_under(template_id)
    name = found.name(*reader_languages())
    return ConfirmationPrompt(
        question=_("Archive the template “{name}”?").format(name=name),
        consequences=(
            _("It can no longer be chosen for new documents."),
            _documents(documents, _("What it protects opens as before."), under=True),
            _("It can be published again."),
        ),
        button=_("Archive it"),
        confirm=name,
    )


def deleting_template(template_id: UUID) -> ConfirmationPrompt:
    """Say what deleting a template does."""
    found, documents = template(template_id), documents_under(template_id)
    name = found.name(*reader_languages())
    return ConfirmationPrompt(
        question=_("Delete the template “{name}”?").format(name=name),
        consequences=(
            _("It disappears from all lists. It can be brought back."),
            _documents(documents, _("What it protects opens as before."), under=True),
        ),
        button=_("Delete it"),
        confirm=name,
        typed=True,
    )


def archiving_label(label_id: UUID) -> ConfirmationPrompt:
    """Say what archiving a label does."""
    found, documents = label(label_id), documents_with(label_id)
    name = found.name(*reader_languages())
    return ConfirmationPrompt(
        question=_("Archive the label “{name}”?").format(name=name),
        consequences=(
            _("It can no longer be given to documents, and its template is offered on its own again."),
            ngettext(
                "{number} document carries it and keeps its label and its protection.",
                "{number} documents carry it and keep their label and their protection.",
                documents,
            ).format(number=grouped(documents))
            if documents
            else _("No document carries it."),
            _("It can be published again."),
        ),
        button=_("Archive it"),
        confirm=name,
    )


def activating_key(key: Key | None) -> ConfirmationPrompt:
    """Say what protecting by another key does; None is a key that is made for it."""
    return ConfirmationPrompt(
        question=_("Protect by a new key from now on?") if key is None else _("Protect by this key from now on?"),
        consequences=(
            _("New documents are protected by it; devices fetch it at their next contact."),
            _("The current key is archived and still opens what it protects. Nothing is lost."),
        ),
        button=_("Make the key") if key is None else _("Activate the key"),
        confirm="rotate" if key is None else key.kid[:16],
        needs_reason=True,
        needs_fresh=True,
    )


def compromising_key(key: Key) -> ConfirmationPrompt:
    """Say what marking a key as compromised does."""
    reach = affected_by_key(key.id)
    return ConfirmationPrompt(
        question=_("Mark the key {key} as compromised?").format(key=key.kid[:16]),
        consequences=(
            _documents(
                reach.documents,
                _(
                    "They stop opening for everybody at once, owners and super users included, and cannot be opened"
                    " again."
                ),
                under=True,
            ),
            people_lately(reach.people),
            copies_until(reach.until),
            _("Nothing that the key signed is trusted any longer. Do this when another person has the key."),
            _("This cannot be undone."),
        ),
        button=_("Mark it as compromised"),
        confirm=key.kid[:16],
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def releasing_domain(organization: OrganizationFacts, domain: str) -> ConfirmationPrompt:
    """Say what releasing a mail domain does."""
    people = people_with_domain(organization.id, domain)
    return ConfirmationPrompt(
        question=_("Release {domain}?").format(domain=domain),
        consequences=(
            ngettext(
                "{number} address in it no longer counts, and opens nothing, until its holder proves it.",
                "{number} addresses in it no longer count, and open nothing, until their holders prove them.",
                len(people),
            ).format(number=grouped(len(people))),
            _(
                "Another organization can then prove the domain. People who have no other address then lose"
                " their account."
            ),
            copies_until(affected_by_people(people).until),
        ),
        button=_("Release it"),
        confirm=domain,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def disabling_application(application: ApplicationFacts) -> ConfirmationPrompt:
    """Say what disabling an application does."""
    reach = affected_by_person(application.person_id)
    return ConfirmationPrompt(
        question=_("Disable {name}?").format(name=application.name),
        consequences=(
            _("Its secret and its tokens stop working at once, and it gets no more licenses."),
            *if_any(
                reach.documents,
                ngettext(
                    "{number} document that it protected or owns does not change.",
                    "{number} documents that it protected or owns do not change.",
                    reach.documents,
                ),
            ),
            copies_until(reach.until),
            _("This cannot be undone; a new application gets a new secret."),
        ),
        button=_("Disable this application"),
        confirm=application.name,
        needs_reason=True,
    )


def revoking_device(device: DeviceFacts, until: datetime | None) -> ConfirmationPrompt:
    """Say what revoking a device does; ``until`` is the last moment of any license that it keeps."""
    return ConfirmationPrompt(
        question=_("Revoke “{device}”?").format(device=device.name),
        consequences=(
            _("It gets no license from now on, and its sign-in ends."),
            copies_until(until),
            _("This cannot be undone; the device can be added again with new keys."),
        ),
        button=_("Revoke the device"),
        confirm=device.name,
    )


def archiving_group(group: GroupFacts) -> ConfirmationPrompt:
    """Say what archiving a group does."""
    return ConfirmationPrompt(
        question=_("Archive {address}?").format(address=group.address),
        consequences=(
            _members(len(group.members)),
            copies_until(affected_by_people(people_held(group.members)).until),
            _("Entries that deny something to the group stay in force. It can be brought back."),
        ),
        button=_("Archive it"),
        confirm=group.address,
    )


def deleting_group(group: GroupFacts, naming: Named) -> ConfirmationPrompt:
    """Say what deleting a group does."""
    return ConfirmationPrompt(
        question=_("Delete the group {address}?").format(address=group.address),
        consequences=(
            _members(len(group.members)),
            *_naming(naming),
            copies_until(affected_by_people(people_held(group.members)).until),
            _("This cannot be undone. An archived group gives nothing either, and can be brought back."),
        ),
        button=_("Delete the group"),
        confirm=group.address,
        typed=True,
    )


def _naming(naming: Named) -> tuple[str, ...]:
    if not (naming.documents or naming.templates):
        return ()
    documents = ngettext("{number} document", "{number} documents", naming.documents)
    templates = ngettext("{number} template", "{number} templates", naming.templates)
    sentence = _(
        "Named in policies here: {documents} and {templates}. These entries stay, without effect unless a new"
        " group gets the address."
    )
    return (
        sentence.format(
            documents=documents.format(number=grouped(naming.documents)),
            templates=templates.format(number=grouped(naming.templates)),
        ),
    )


def _members(number: int) -> str:
    if not number:
        return _("It has no members.")
    return ngettext(
        "{number} direct member loses what the group gave, at the next opening.",
        "{number} direct members lose what the group gave, at the next opening.",
        number,
    ).format(number=grouped(number))


def _documents(number: int, what: str, *, under: bool = False) -> str:
    count = (
        ngettext("{number} document is protected by it.", "{number} documents are protected by it.", number)
        if under
        else ngettext("{number} document is concerned.", "{number} documents are concerned.", number)
    )
    return f"{count.format(number=grouped(number))} {what}"


def people_lately(number: int) -> str:
    """Say how many people have opened what an act concerns."""
    return ngettext(
        "{number} person has opened one of them in the last thirty days.",
        "{number} people have opened one of them in the last thirty days.",
        number,
    ).format(number=grouped(number))
