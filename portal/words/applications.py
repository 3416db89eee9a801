"""What is said about applications: what they sign in with, and what they will be able to do."""

from django.utils.translation import gettext as _

from chancery.policy.permission import Permission
from portal.words.roles import permission_in_words, sentence_of
from tenants.directory.roles import ROLES
from tenants.directory.selectors.credentials import CredentialFacts


def credential_in_words(one: CredentialFacts) -> str:
    """Return what a secret or key is called; the one that an application was made with has no name of its own."""
    return one.name or _("First secret")


def consent_sentences(role: str, for_group: str) -> tuple[str, ...]:
    """Return what an application will be able to do by a role, and to whose documents, for who consents to it."""
    may = ROLES[role].permissions
    said = [sentence_of(role)]
    if Permission.FILES_PROTECT_FOR_OTHERS in may:
        whom = _("the members of {group}").format(group=for_group) if for_group else _("all members")
        said.append(
            _(
                "It protects documents that it owns itself, and documents for {whom}, who then own them. Each of them"
                " is told, and the audit log names the application and the person."
            ).format(whom=whom)
        )
    elif Permission.FILES_PROTECT in may:
        said.append(_("It protects documents that it owns itself. It protects none for people."))
    else:
        said.append(_("It protects no documents."))
    rest = sorted(may - {Permission.FILES_PROTECT, Permission.FILES_PROTECT_FOR_OTHERS, Permission.TEMPLATES_READ})
    if rest:
        said.append(_("It may also: {permissions}.").format(permissions="; ".join(map(permission_in_words, rest))))
    said.append(_("It opens no document by this role. Whoever has its secret or key can do the same."))
    said.append(_("All other administrators are mailed."))
    return tuple(said)
