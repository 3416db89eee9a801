"""Every mail that the service writes: who reads it, in which language, its subject and its text.

A mail is written in the language that its reader has chosen, no matter who causes it.  It is a row in the transaction
of what it reports; a worker sends it (``send``).  The account suite's codes have templates of their own, in
``templates/account/email``.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chancery.policy.rights import in_order
from chancery.policy.words import rights_in_words
from portal.languages import grouped, translate
from protection.selectors.hand_overs import HandOverFacts
from protection.selectors.requests import RequestRow
from protection.services.grant_request import Granted
from tenants.context import current_schema
from tenants.directory.selectors.blocks import is_kept_out
from tenants.directory.selectors.people import PersonFacts, language_of
from tenants.organizations.selectors import OrganizationFacts


def mail_invitation(person: PersonFacts, organization: OrganizationFacts) -> None:
    """Tell a person that they were added, in the inviting person's language where they have chosen none."""
    with _in_language_of(person.id, otherwise=get_language() or settings.LANGUAGE_CODE):
        subject = _("{organization} invites you to {service}")
        text = _(
            "{organization} has added {address} to the people it shares protected files with.\n\n"
            "Sign in here: {page}\n\n"
            "You need no password: choose “Get a code by mail”, and a code is sent to this address.\n"
        )
    write_mail(
        person.email,
        subject.format(organization=organization.name, service=settings.CHANCERY_NAME),
        text.format(organization=organization.name, address=person.email, page=f"{organization.origin}/"),
    )


def mail_code(address: str, organization: OrganizationFacts, code: str) -> None:
    """Send the code by which a person without an account opens a document, in the language of who asks for it."""
    text = _(
        "With this code you open a document of {organization}:\n\n"
        "{code}\n\n"
        "Enter it in the browser window that asks for it. It is good for 15 minutes, once, and in that window only.\n\n"
        "It was asked for on {when}, at {page}\n\n"
        "Never pass this code on. Neither {organization} nor {service} asks you for it by mail, by phone or on another"
        " page. If you did not ask for it, ignore this mail: without the code, nothing opens.\n"
    )
    _mail_about_code(address, organization, _("Your code to open a document of {organization}"), text, code)


def mail_sign_in_instead(address: str, organization: OrganizationFacts) -> None:
    """Tell a person with an account, in whose name a code was asked for, that they need none."""
    text = _(
        "On {when} a code was asked for to open a document of {organization} as you. You have an account or an"
        " organization here, so you need no code: sign in, then open the file.\n\n"
        "{page}\n\n"
        "If you did not ask for it, ignore this mail.\n"
    )
    _mail_about_code(address, organization, _("Sign in to open a document of {organization}"), text)


def mail_no_code(address: str, organization: OrganizationFacts) -> None:
    """Tell a disabled person, in whose name a code was asked for, that there is none."""
    text = _(
        "On {when} a code was asked for to open a document of {organization} as you. There is none: this address is"
        " blocked. If you need the document, write to the person who sent it.\n\n"
        "If you did not ask for it, ignore this mail.\n"
    )
    _mail_about_code(address, organization, _("No code to open a document of {organization}"), text)


def _mail_about_code(address: str, organization: OrganizationFacts, subject: str, text: str, code: str = "") -> None:
    values = {
        "organization": organization.name,
        "service": settings.CHANCERY_NAME,
        "when": date_format(timezone.localtime(), "DATETIME_FORMAT"),
        "page": f"{settings.CHANCERY_BASE_URL}{reverse('open')}",
        "code": code,
    }
    write_mail(address, subject.format(**values), text.format(**values))


def mail_access_request(
    *, person: UUID, address: str, asked: RequestRow, level: str | Promise, organization: OrganizationFacts, more: bool
) -> None:
    """Tell a document's owner or issuer that a person asks for access, or for more than they have."""
    with _in_language_of(person):
        subject = _("{who} asks for more access to {document}") if more else _("{who} asks for access to {document}")
        subject = subject.format(who=asked.address, document=asked.title or _("a document"))
        write_mail(address, subject, _question(asked, level, organization))


def mail_access_granted(*, request: RequestRow, owner: str, granted: Granted) -> None:
    """Tell the person who asked what they may do now."""
    with _in_language_of(request.person_id):
        subject = _("You have access to {document}").format(document=request.title or _("the document you asked for"))
        text = _(
            "{owner} lets you open “{document}”, for which you asked on {day}.\n\n"
            "You may: {rights}.\nAccess ends: {end}.\n\n"
            "Open the file that you have; nothing has to be sent again.\n"
        ).format(
            owner=owner,
            document=request.title or _("the document"),
            day=_day(request.asked_at),
            rights=translate(rights_in_words(in_order(granted.rights))),
            end=_end(granted.ends),
        )
        write_mail(request.address, subject, text)


def mail_access_declined(*, request: RequestRow, owner: str, message: str) -> None:
    """Tell the person who asked that the answer is no; the document's name is not in it."""
    with _in_language_of(request.person_id):
        text = _("{owner} declined the request for access to a document that you made on {day}.\n\n")
        said = _("The answer says:\n\n{message}\n\n").format(message=message) if message else ""
        text = text.format(owner=owner, day=_day(request.asked_at)) + said
        write_mail(request.address, _("Your request for access was declined"), text)


def mail_access_taken_back(
    *,
    address: str,
    person: UUID | None,
    title: str,
    owner: str,
    message: str,
    organization: OrganizationFacts,
    cid: UUID,
) -> None:
    """Tell a person who was granted access by name that it was taken back; the message comes last and quoted."""
    with _in_language_of(person) if person is not None else in_language(""):
        subject = _("You no longer have access to {document}").format(document=title or _("a document"))
        quoted = "".join(f"> {line}\n" for line in message.splitlines())
        text = _(
            "{organization} has taken your access to “{document}” back.\n\n"
            "The message says:\n\n{message}\n"
            "Whom to ask: {owner}\nYour access: {page}\n"
        ).format(
            organization=organization.name,
            document=title or _("a document"),
            message=quoted,
            owner=owner,
            page=f"{organization.origin}{reverse('document_access', args=[cid])}",
        )
        write_mail(address, subject, text)


def mail_role_changed(
    administrators: Iterable[PersonFacts], *, application: str, whom: str, roles: Callable[[], str]
) -> None:
    """Tell administrators that an application changed a role; ``roles`` says it in the language of who reads."""
    for reader in administrators:
        with in_language(reader.language):
            subject = _("An application has changed the role of {address}").format(address=whom)
            text = _(
                "The application “{application}” has made {address} a {role}.\n\nIf this was not intended,"
                " disable the application on the page of applications and change the role back.\n"
            ).format(application=application, address=whom, role=roles())
            write_mail(reader.email, subject, text)


def mail_known_secrets(administrators: Iterable[PersonFacts], *, address: str, applications: Iterable[str]) -> None:
    """Tell administrators which secrets a person knows who manages applications no longer."""
    for reader in administrators:
        with in_language(reader.language):
            subject = _("{address} still knows secrets of applications").format(address=address)
            text = _(
                "{address} no longer manages applications, but has seen the secrets of these:\n\n{names}\n\nThey"
                " still work. Make new applications in their place, then disable these on the page of"
                " applications.\n"
            ).format(address=address, names="\n".join(f"- {name}" for name in applications))
            write_mail(reader.email, subject, text)


def mail_access_gained(people: Iterable[PersonFacts], *, author: str, gainers: str, documents: int) -> None:
    """Tell auditors and administrators that a change of templates or groups opened documents to people."""
    for reader in people:
        with in_language(reader.language):
            subject = _("{gainers} gained access to documents").format(gainers=gainers)
            text = _(
                "{maker} has changed a template, a group or an address. By that {gainers} may now open documents that"
                " were closed before, up to {count}.\n\nThe change and this notice are on record; see the record for"
                " what was changed."
            ).format(maker=author, gainers=gainers, count=documents)
            write_mail(reader.email, subject, text)


def mail_hand_over_waits(
    people: Iterable[PersonFacts], asked: Iterable[HandOverFacts], *, organization: OrganizationFacts
) -> None:
    """Ask administrators to approve that documents of another person get a new owner."""
    page = f"{organization.origin}{reverse('hand_overs')}"
    waiting = [one for one in asked if one.state == "waiting"]
    for reader in people:
        with in_language(reader.language):
            for one in waiting:
                subject = _("Documents of {owner} wait for your approval").format(owner=one.former_address)
                text = _(
                    "{asker} asks that {owner} no longer owns these documents, but {address}: {number}.\n\n"
                    "Reason: {reason}\n\nApprove or decline it: {page}\n"
                ).format(**_hand_over_values(one), page=page)
                write_mail(reader.email, subject, text)


def mail_handed_over(people: Iterable[PersonFacts], made: HandOverFacts, *, organization: OrganizationFacts) -> None:
    """Tell the new owner of documents that they decide now; tell others what they owned or watch went to whom."""
    for reader in people:
        with in_language(reader.language):
            if reader.id == made.new_owner:
                subject = _("You own documents of {owner} now")
                text = _(
                    "{asker} has handed documents over to you that {owner} owned: {number}.\n\n"
                    "Reason: {reason}\n\n"
                    "You open them, decide who else does, and answer requests for access: {page}\n\n"
                    "If they are not yours to decide about, hand them back there.\n"
                )
            else:
                subject = _("Documents of {owner} have a new owner")
                text = _(
                    "{asker} has handed documents over to {address} that {owner} owned: {number}.\n\n"
                    "Reason: {reason}\n\n"
                    "The hand-over is on record: {page}\n"
                )
            name = "documents" if reader.id == made.new_owner else "hand_overs"
            page = f"{organization.origin}{reverse(name)}"
            values = {**_hand_over_values(made), "number": grouped(made.done), "page": page}
            write_mail(reader.email, subject.format(owner=made.former_address), text.format(**values))


def _hand_over_values(one: HandOverFacts) -> dict[str, str]:
    return {
        "asker": one.asker_address,
        "owner": one.former_address,
        "address": one.new_address,
        "number": grouped(one.total),
        "reason": one.reason or "–",
    }


@contextmanager
def _in_language_of(person: UUID, *, otherwise: str = settings.LANGUAGE_CODE) -> Iterator[None]:
    with translation.override(language_of(person) or otherwise):
        yield


def in_language(language: str) -> translation.override:
    """Write in the language that a reader has chosen."""
    return translation.override(language or settings.LANGUAGE_CODE)


def write_mail(address: str, subject: str, text: str) -> None:
    """Write a mail to one person.

    A line break in the subject, which may hold a file's name, becomes a space: mail cannot carry it.  Whom the
    organization blocks gets no mail of it.
    """
    if is_kept_out(current_schema(), address):
        return
    send_mail(" ".join(subject.split()), text, None, [address])


def _question(asked: RequestRow, level: str | Promise, organization: OrganizationFacts) -> str:
    """Return the mail's text; the requester's own words come last and quoted, so that none of them passes for ours."""
    name = " ".join(asked.name.split())
    who = f"{name} ({asked.address})" if name else asked.address
    if asked.place:
        who = _("{person} of {organization}").format(person=who, organization=asked.place)
    quoted = "".join(f"> {line}\n" for line in asked.note.splitlines())
    note = _("\nNote:\n\n{text}").format(text=quoted) if quoted else ""
    page = f"{organization.origin}{reverse('request', args=[asked.id])}"
    text = (
        _(
            "{who} was refused “{document}” at {organization} and asks you for access as {level}.\n\nGive access"
            " or decline: {page}\n\nOnly your answer there counts. Anyone who has a copy of the file can ask; no"
            " access has been given yet.\n"
        )
        if asked.reason
        else _(
            "{who} may open “{document}” at {organization} and asks you for more: access as {level}.\n\n"
            "Give access or decline: {page}\n\n"
            "Only what you answer there counts; nothing more has been given yet.\n"
        )
    ).format(
        who=who,
        document=asked.title or _("a document"),
        organization=organization.name,
        level=level,
        page=page,
    )
    return text + note


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _end(seconds: int | None) -> str:
    return _("never") if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
