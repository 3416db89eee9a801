"""A connection of Contoso to a SAML provider that runs, and a browser that signs in by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from portal.identity.sign_on.saml.keys import made_key
from portal.identity.sign_on.saml.mapping import usual_mapping
from portal.identity.sign_on.saml.metadata import own_metadata, read_saml_provider
from portal.identity.sign_on.secrets import seal, unseal
from tenants.directory.models import Group
from tenants.sign_on.models import SignOnConnection, SignOnGroup
from tenants.sign_on.selectors import SignOnFacts, sign_on_connection
from tests.identity_provider.saml import SamlProvider
from tests.portal.identity.browser import Answer, Browser

DOMAIN = "contoso.example"


@dataclass
class Connected:
    """A connection that the provider knows."""

    provider: SamlProvider
    organization: UUID
    id: UUID

    @property
    def facts(self) -> SignOnFacts:
        """Return the connection as it is now."""
        return sign_on_connection(self.organization, self.id)

    @property
    def path(self) -> str:
        """Return where its pages are."""
        return f"/signin/by/{self.id}"

    def change(self, **values: Any) -> None:
        """Write members of the connection."""
        SignOnConnection.objects.within(self.organization).filter(id=self.id).update(**values)

    def own(self, group: Group, value: str) -> None:
        """Let the connection set who is in a group."""
        SignOnGroup.objects.create(connection_id=self.id, group=group, value=value)

    def begin(self, browser: Browser, **query: str) -> str:
        """Return where a browser is sent."""
        begun = browser.get(f"{self.path}/", query)
        assert begun.status_code == 302, begun.content
        assert begun["Location"].startswith(f"{self.provider.issuer}/sso?SAMLRequest=")
        return str(begun["Location"])

    def brought(self, browser: Browser, fields: Mapping[str, str]) -> Answer:
        """Post an answer as the provider's page does, without our cookie, and go on with the browser's own."""
        taken = Browser().post(f"{self.path}/acs/", dict(fields))
        return browser.get(local(taken["Location"])) if taken.status_code == 302 else taken

    def answer(self, browser: Browser, **query: str) -> dict[str, str]:
        """Begin, and return the form that the provider lets the browser post."""
        action, fields = self.provider.answer(self.begin(browser, **query))
        assert action == f"{settings.CHANCERY_BASE_URL}{self.path}/acs/"
        return fields

    def sign_in(self, browser: Browser, name_id: str = "", *, query: Any = None, **person: Any) -> Answer:
        """Sign somebody in, and return the answer to the browser's last step."""
        if name_id:
            self.provider.person(name_id, **person)
        return self.brought(browser, self.answer(browser, **(query or {})))


def local(url: str) -> str:
    """Return path and query of an address at the base domain."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == settings.CHANCERY_BASE_URL, url
    return f"{parts.path}?{parts.query}"


@cache
def _key() -> tuple[str, str]:
    """Return one key for all connections: making one takes longer than a test."""
    sealed, certificate = made_key(UUID(int=0))
    return unseal(UUID(int=0), sealed), certificate


def connect(provider: SamlProvider, organization: UUID, *domains: str, **values: Any) -> Connected:
    """Make a connection that is on, and let the provider read its metadata."""
    read = read_saml_provider(text=provider.metadata)
    known_as = uuid4()
    usual: dict[str, Any] = {
        "read_at": timezone.now(),
        "state": "on",
        "makes_accounts": True,
        "name": "IdP",
        **usual_mapping(read.issuer),
        "groups_claim": "groups",
    }
    row = SignOnConnection.objects.create(
        id=known_as,
        organization_id=organization,
        protocol="saml",
        issuer=read.issuer,
        metadata=dict(read.members),
        keys=dict(read.keys),
        domains=list(domains),
        **(usual | values),
    )
    pem, certificate = _key()
    row.own_keys.create(use="current", sealed_key=seal(known_as, pem), certificate=certificate)
    connected = Connected(provider, organization, row.id)
    provider.know(own_metadata(connected.facts).decode())
    return connected


@cache
def attributes_of(address: str) -> dict[str, Any]:
    """Return the attributes of somebody."""
    return {"email": address, "name": address.partition("@")[0].title()}
