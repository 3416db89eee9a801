"""What is said about applications: what they sign in with."""

from django.utils.translation import gettext as _

from tenants.directory.selectors.credentials import CredentialFacts


def credential_in_words(one: CredentialFacts) -> str:
    """Return what a secret or key is called; the one that an application was made with has no name of its own."""
    return one.name or _("First secret")
