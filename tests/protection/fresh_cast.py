"""A database for as long as a module runs, and what a process remembers, forgotten before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from portal import throttle
from portal.fastpath.pool import pool
from portal.identity import proof, tokens
from protection.keys import root, subordinate
from tenants.context import in_public
from tenants.organizations.selectors import forget_hosts
from tests.cast import Cast


@contextmanager
def fresh_cast(folder: Path) -> Iterator[Cast]:
    """Return an empty cast; rows, schemas and memories of it are gone afterwards."""
    with override_settings(CHANCERY_KEYRING=folder / "keyring"):
        forget()
        made = Cast(folder / "homes")
        try:
            yield made
        finally:
            _sweep(organization.schema_name for organization in made.organizations.values())
            forget()


def _sweep(schemas: Iterator[str]) -> None:
    with in_public(), connection.cursor() as cursor:
        for schema in schemas:
            cursor.execute(f'drop schema if exists "{schema}" cascade')
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)


def forget() -> None:
    """Forget what a process keeps for seconds; the rows of a test may be gone sooner."""
    forget_hosts()
    tokens.forget()
    proof.forget()
    throttle.forget()
    subordinate.forget_all()
    root.root_store.cache_clear()
    root.installation_key.cache_clear()
    cache.clear()
    if pool.cache_info().currsize:
        pool().close()
        pool.cache_clear()
