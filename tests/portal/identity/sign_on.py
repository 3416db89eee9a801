"""A connection of Contoso to a provider that runs, and a browser that signs in by it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from portal.identity.sign_on.discovery import read_provider
from portal.identity.sign_on.secrets import seal
from tenants.directory.models import Group
from tenants.sign_on.models import SignOnConnection, SignOnGroup
from tenants.sign_on.selectors import SignOnFacts, sign_on_connection
from tests.identity_provider.running import Provider
from tests.portal.identity.browser import Answer, Browser


@dataclass
class Connected:
    """A connection with its client at the provider."""

    provider: Provider
    organization: UUID
    id: UUID
    client_id: str

    @property
    def facts(self) -> SignOnFacts:
        """Return the connection as it is now."""
        return sign_on_connection(self.organization, self.id)

    def change(self, **values: Any) -> None:
        """Write members of the connection."""
        SignOnConnection.objects.within(self.organization).filter(id=self.id).update(**values)

    def own(self, group: Group, value: str) -> None:
        """Let the connection set who is in a group."""
        SignOnGroup.objects.create(connection_id=self.id, group=group, value=value)

    def begin(self, browser: Browser, **query: str) -> str:
        """Return where a browser is sent."""
        begun = browser.get(f"/signin/by/{self.id}/", query)
        assert begun.status_code == 302, begun.content
        assert begun["Location"].startswith(self.provider.issuer)
        return begun["Location"]

    def sign_in(
        self, browser: Browser, sub: str = "", /, *, goes_to: str = "/", fresh: bool = False, **claims: Any
    ) -> Answer:
        """Sign somebody in, and return the answer to the provider's answer."""
        if sub:
            self.provider.person(sub, **claims)
        more = {"fresh": "1"} if fresh else {}
        return browser.get(local(self.provider.answer(self.begin(browser, next=goes_to, **more))))


def local(url: str) -> str:
    """Return path and query of an address at the base domain."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == settings.CHANCERY_BASE_URL, url
    return f"{parts.path}?{parts.query}"


def connect(provider: Provider, organization: UUID, *domains: str, **values: Any) -> Connected:
    """Make a connection that is on, with a client of its own at the provider."""
    read = read_provider(url=provider.issuer)
    usual: dict[str, Any] = {
        "state": "on",
        "makes_accounts": True,
        "second_factors": ["mfa"],
        "groups_claim": "groups",
        "name": "IdP",
    }
    row = SignOnConnection.objects.create(
        organization_id=organization,
        issuer=read.issuer,
        metadata=dict(read.members),
        keys=dict(read.keys),
        read_at=timezone.now(),
        domains=list(domains),
        **(usual | values),
    )
    base = f"{settings.CHANCERY_BASE_URL}/signin/by/{row.id}"
    client = provider.register(
        redirect_uris=[f"{base}/callback/"],
        backchannel_logout_uri=f"{provider.issuer}/captured",
        backchannel_logout_session_required=True,
        post_logout_redirect_uris=[f"{base}/signed-out/"],
    )
    row.client_id = client["client_id"]
    row.sealed_secret = seal(row.id, client["client_secret"])
    row.save()
    return Connected(provider, organization, row.id, row.client_id)
