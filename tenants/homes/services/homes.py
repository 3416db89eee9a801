"""Homes of foreign mail domains: kept with their first sign-in, and what operators decide about them."""

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.directory import address_holders
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.services.claim_groups import end_claims
from tenants.homes.models import Home
from tenants.homes.selectors import HomeFacts, home_of_domain
from tenants.sign_on.services.sessions import end_home_sessions


@transaction.atomic
def keep_home(*, domain: str, issuer: str, metadata: Mapping[str, Any], keys: Mapping[str, Any]) -> HomeFacts:
    """Keep what was read of a domain's home.  Of two that come at once the first one stays."""
    address_holders.lock_domain(domain)
    Home.objects.get_or_create(domain=domain, defaults={"issuer": issuer, "metadata": metadata, "keys": keys})
    return _home(domain)


def keep_home_keys(home: HomeFacts, keys: Mapping[str, Any]) -> None:
    """Keep keys that were read anew from the home's own address."""
    Home.objects.filter(id=home.id, issuer=home.issuer).update(keys=keys)


def note_rival(home: HomeFacts, issuer: str) -> None:
    """Write down that the domain names another installation now; "" that it names the kept one again."""
    if home.rival != issuer:
        Home.objects.filter(id=home.id).update(rival=issuer, rival_since=timezone.now() if issuer else None)


@transaction.atomic
def accept_home(*, domain: str, metadata: Mapping[str, Any], keys: Mapping[str, Any]) -> HomeFacts:
    """Believe that the same installation is found at the address that the domain names now; accounts stay bound."""
    home = _home(domain)
    if not home.rival:
        raise DirectoryRefused(_("{domain} names no other installation.").format(domain=domain))
    changed = {"issuer": home.rival, "rival": "", "rival_since": None, "metadata": metadata, "keys": keys}
    Home.objects.filter(id=home.id).update(**changed)
    end_home_sessions(home_id=home.id)
    return _home(domain)


@transaction.atomic
def forget_home(*, domain: str) -> int:
    """Unbind the accounts of a domain's people from their home, and end their sign-ins; return how many accounts.

    Whoever is found to be the home next knows none of them: their people prove their addresses anew.
    """
    home = _home(domain)
    _end(home)
    bound = SocialAccount.objects.filter(provider=home.provider).delete()[0]
    Home.objects.filter(id=home.id).delete()
    return int(bound)


@transaction.atomic
def forbid_home(*, domain: str) -> None:
    """Let nobody with an address of this domain sign in at home, from now on; they sign in here by themselves."""
    row, _created = Home.objects.get_or_create(domain=domain)
    Home.objects.filter(id=row.id, forbidden_at__isnull=True).update(forbidden_at=timezone.now())
    _end(_home(domain))


@transaction.atomic
def allow_home(*, domain: str) -> None:
    """Let the people of a domain sign in at home again.  Raises NotHere."""
    home = _home(domain)
    if home.issuer:
        Home.objects.filter(id=home.id).update(forbidden_at=None)
    else:
        Home.objects.filter(id=home.id).delete()


def _end(home: HomeFacts) -> None:
    end_home_sessions(home_id=home.id)
    end_claims(home_id=home.id)


def _home(domain: str) -> HomeFacts:
    found = home_of_domain(domain)
    if found is None:
        raise NotHere(_("Nobody of {domain} has signed in at home.").format(domain=domain))
    return found
