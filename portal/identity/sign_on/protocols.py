"""Which protocol a connection speaks: what differs between OpenID Connect and SAML, by the same names."""

from collections.abc import Mapping
from typing import Any, Protocol

from portal.identity.sign_on import oidc
from portal.identity.sign_on.discovery import ProviderMetadata, read_provider
from portal.identity.sign_on.pending import Pending
from portal.identity.sign_on.saml import answers
from portal.identity.sign_on.saml.metadata import read_saml_provider
from tenants.sign_on.selectors import SignOnFacts


class Speaks(Protocol):
    """What a protocol does for a sign-in."""

    def question(self, connection: SignOnFacts, pending: Pending, *, hint: str = "") -> str:
        """Return the address at the provider to which the browser goes."""

    def answered(
        self, connection: SignOnFacts, pending: Pending, query: Mapping[str, str]
    ) -> tuple[dict[str, Any], str]:
        """Return the claims of who signed in, and what the provider asks for to sign them out."""

    def sign_out_page(self, connection: SignOnFacts, hint: str, session: str, /) -> str:
        """Return the address at which the provider signs out, "" where it has none."""

    def name_in(self, hint: str) -> str:
        """Return what the provider calls the person in a session, "" where the subject is all it has."""


def spoken_by(connection: SignOnFacts) -> Speaks:
    """Return the protocol of a connection."""
    return answers if connection.protocol == "saml" else oidc


def read_described(protocol: str, *, url: str = "", text: str = "") -> ProviderMetadata:
    """Read what a provider says of itself in its protocol.  Raises ProviderFailed."""
    return read_saml_provider(url=url, text=text) if protocol == "saml" else read_provider(url=url, text=text)
