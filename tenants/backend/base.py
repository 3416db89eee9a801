"""The database backend, and the names of schemas: django-tenants' with its holes closed.

django-tenants swallows every error of ``SET search_path``, after which the next statement runs on the path of the
organization before.  Here a path that cannot be set raises, unless the transaction is already lost, in which case
PostgreSQL refuses whatever follows by itself.
"""

import base64
import re
import secrets
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django_tenants.postgresql_backend import base as upstream
from psycopg.pq import TransactionStatus

PUBLIC = "public"
BASE_SCHEMA = "chancery_base_schema_q7x2"
ORGANIZATION_SCHEMA = re.compile(r"org_[a-z2-7]{16}")


def new_schema_name(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a fresh schema name.

    It is generated and never taken from what somebody typed: a schema name is in SQL, and one that follows from the
    organization's name would have to change with it.
    """
    return "org_" + base64.b32encode(random_bytes(10)).decode("ascii").lower()


def is_schema_name(name: str) -> bool:
    """Tell whether the name has the form that ``new_schema_name`` gives."""
    return ORGANIZATION_SCHEMA.fullmatch(name) is not None


def may_be_entered(schema_name: str) -> bool:
    """Tell whether connections may be in this schema: an organization's, the shared one, or the template."""
    return schema_name in {PUBLIC, BASE_SCHEMA} or is_schema_name(schema_name)


class DatabaseWrapper(upstream.DatabaseWrapper):
    """A connection that refuses instead of falling back."""

    schema_name: str
    search_path_set_schemas: list[str] | None
    _setting_search_path: bool

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Choose the schema for the statements that follow; a name that we never give out is refused."""
        if not may_be_entered(tenant.schema_name):
            raise ImproperlyConfigured(f"{tenant.schema_name!r} is not the schema of an organization.")
        super().set_tenant(tenant, include_public)

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Set the path before a statement, once for each switch, and raise when that fails.

        In a transaction that is already lost only a rollback succeeds, and PostgreSQL itself refuses anything else, so
        the path is left for the statement after the rollback.
        """
        if self._setting_search_path or self.search_path_set_schemas:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return
        schemas = self._get_cursor_search_paths()
        path = ", ".join(f'"{schema}"' for schema in schemas)
        self._setting_search_path = True
        own_cursor = self.connection.cursor() if cursor is None else cursor
        try:
            own_cursor.execute(f"SET search_path = {path}")
        finally:
            self._setting_search_path = False
            if cursor is None:
                own_cursor.close()
        self.search_path_set_schemas = schemas
