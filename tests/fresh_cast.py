"""A database for as long as a module runs, and what a process remembers, forgotten before and after."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from allauth.idp.oidc.models import Token
from django.core.cache import cache
from django.db import connection
from django.test import override_settings

from audit.services import count_unauthenticated, hourly_count
from chancery.sdk.account import load
from chancery.sdk.session import Session
from portal import clock, throttle
from portal.fastpath.pool import pool
from portal.identity import proof, tokens
from protection.keys import root, subordinate
from tenants.context import in_public
from tenants.organizations.selectors import forget_hosts
from tests.cast import BASE, Cast
from tests.rows import Rows, remove_rows


@contextmanager
def fresh_cast(folder: Path, *, kept: Collection[str] = ()) -> Iterator[Cast]:
    """Return an empty cast; rows, schemas and memories of it are gone afterwards, except schemas that are kept."""
    with override_settings(CHANCERY_KEYRING=folder / "keyring"):
        forget()
        made = Cast(folder / "homes")
        try:
            yield made
        finally:
            founded = {organization.schema_name for organization in made.organizations.values()}
            with in_public(), connection.cursor() as cursor:
                for schema in founded.difference(kept):
                    cursor.execute(f'drop schema if exists "{schema}" cascade')
                remove_rows("public", *kept)
            forget()


class WholeCast:
    """Contoso with Ada, Olga and Max, Fabrikam with Rita, and Mallory's organization, on devices ready to protect.

    They are made once and copied as often as modules need them, which takes a tenth of the time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._schemas: set[str] = set()
        with fresh_cast(folder, kept=self._schemas) as made:
            made.found("contoso", "ada")
            made.join("olga", "contoso")
            made.join("max", "contoso")
            made.found("fabrikam", "rita")
            made.found("hostile", "mallory")
            for player in made.players.values():
                # What a device fetches once from its organization, each module would fetch anew for each of them.
                player.session.own_organization().publishing()
            self._players, self._organizations = dict(made.players), dict(made.organizations)
            self._schemas.update(organization.schema_name for organization in made.organizations.values())
            self._rows = Rows("public", *self._schemas)

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Cast]:
        """Return a copy; what is added to it or changed in it is gone afterwards."""
        shutil.copytree(self._folder, folder, dirs_exist_ok=True)
        with fresh_cast(folder, kept=self._schemas) as made:
            # Django has given the tables rows of its own if a test emptied them.
            remove_rows("public")
            self._rows.put_back()
            _sign_in_again()
            made.organizations.update(self._organizations)
            for name, player in self._players.items():
                copy = made.know(name, player.id, player.address)
                copy.session = Session(copy.home, load(copy.home, BASE), copy.http)
            yield made


def _sign_in_again() -> None:
    """Let every sign-in be of this moment: a run of all tests takes longer than a sign-in is recent."""
    for token in Token.objects.exclude(data=None):
        token.data[tokens.AUTHENTICATION]["at"] = clock.now()
        token.save(update_fields=["data"])


def forget() -> None:
    """Forget what a process keeps for seconds; the rows of a test may be gone sooner."""
    forget_hosts()
    tokens.forget()
    proof.forget()
    throttle.forget()
    hourly_count.forget()
    count_unauthenticated.forget()
    subordinate.forget_all()
    root.root_store.cache_clear()
    root.installation_key.cache_clear()
    cache.clear()
    if pool.cache_info().currsize:
        pool().close()
        pool.cache_clear()
