"""The first-party clients of our own issuer.

``chancery-cli`` signs people in on their machines.  ``chancery-pages`` hands a sign-in over to an organization's host
under the base domain, without asking.  ``chancery-own-domains`` does the same for domains that organizations brought
along, and asks, because their DNS is in somebody else's hands.  ``chancery-browser`` is the scripts of our own pages;
its tokens come out of sessions alone (``page_tokens``), so it may ask for none by itself.  ``chancery-outsider`` is the
same for people without an account: what its tokens open is named by each interface (docs/protocol.md P22).
"""

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.auth.hashers import make_password

from portal.identity.origins import is_under_base

CLI = "chancery-cli"
BROWSER = "chancery-browser"
OUTSIDER = "chancery-outsider"
PAGES = "chancery-pages"
ACCESS = "api"
"""The scope of a token for the service that is nothing more: with ``openid`` each answer also brings an id token, for
which the issuer's key is read anew (38 ms)."""
OWN_DOMAINS = "chancery-own-domains"
CALLBACK = "/signin/callback/"


def ensure() -> None:
    """Make the clients that do not exist yet; they follow from the settings and have no secret that could be right.

    The base URL may change between two starts, with another port for example; the organizations' hosts then have other
    addresses to be called back at.  The library would make up a secret for each client and hash it slowly, as if it
    were a password.
    """
    made = {CLI: _cli, PAGES: _pages, OWN_DOMAINS: _own_domains, BROWSER: _browser, OUTSIDER: _browser}
    known = dict(Client.objects.filter(id__in=made).values_list("id", "redirect_uris"))
    if PAGES in known and known[PAGES] != _pages_callback():
        Client.objects.filter(id=PAGES).update(redirect_uris=_pages_callback())
    for name in made.keys() - known.keys():
        members = made[name]()
        Client.objects.get_or_create(id=name, defaults={**members, "secret": make_password(None)})


def pages_client_for(host: str) -> str:
    """Return the client that signs in at this host, after writing down the address an own domain is called back at."""
    if is_under_base(host):
        return PAGES
    client = Client.objects.get(id=OWN_DOMAINS)
    callback = settings.CHANCERY_BASE.origin_of(host) + CALLBACK
    if callback not in client.get_redirect_uris():
        client.set_redirect_uris([*client.get_redirect_uris(), callback])
        client.save(update_fields=["redirect_uris"])
    return OWN_DOMAINS


def _cli() -> dict[str, object]:
    grants = (Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN, Client.GrantType.DEVICE_CODE)
    return {
        "name": "Chancery on your computer",
        "type": Client.Type.PUBLIC,
        "scopes": f"{ACCESS}\nopenid\nprofile\nemail",
        "default_scopes": ACCESS,
        "grant_types": "\n".join(grants),
        "redirect_uris": "http://127.0.0.1/cb\nhttp://[::1]/cb",
    }


def _browser() -> dict[str, object]:
    return {"name": "Chancery in the browser", "type": Client.Type.CONFIDENTIAL, "scopes": ACCESS, "grant_types": ""}


def _pages() -> dict[str, object]:
    return {
        "name": settings.CHANCERY_NAME,
        "type": Client.Type.CONFIDENTIAL,
        "scopes": "openid",
        "default_scopes": "openid",
        "grant_types": Client.GrantType.AUTHORIZATION_CODE,
        "redirect_uris": _pages_callback(),
        "allow_uri_wildcards": True,
        "skip_consent": True,
    }


def _pages_callback() -> str:
    return str(settings.CHANCERY_BASE.origin_of(f"*.{settings.CHANCERY_BASE.host}") + CALLBACK)


def _own_domains() -> dict[str, object]:
    return {
        "name": "An organization's own domain",
        "type": Client.Type.CONFIDENTIAL,
        "scopes": "openid",
        "default_scopes": "openid",
        "grant_types": Client.GrantType.AUTHORIZATION_CODE,
    }
