"""Database roles: what each kind of work may do, held by PostgreSQL and not by good manners.

``chancery_app`` is what web and worker connections act as.  The login role owns the tables, so migrations and the
making of schemas step back to it for the length of a transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

from django.db import connection, transaction

ROLES = ("chancery_app", "chancery_sequencer", "chancery_eraser", "chancery_retention")

# Roles belong to the whole server, so another database of it may be doing the same at this moment; advisory locks do
# not reach across databases, hence the exceptions that count as success or as a reason to look again.
CREATE_ROLES = "\n".join(
    f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  FOR attempt IN 1..20 LOOP
    EXIT WHEN pg_has_role(session_user, '{role}', 'SET');
    BEGIN
      EXECUTE format('GRANT {role} TO %I WITH SET TRUE', session_user);
    EXCEPTION WHEN internal_error OR unique_violation THEN PERFORM pg_sleep(0.05);
    END;
  END LOOP;
END $$;
"""
    for role in ROLES
)

GRANT_SHARED = """
GRANT USAGE ON SCHEMA public TO chancery_app, chancery_sequencer, chancery_eraser, chancery_retention;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO chancery_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO chancery_app;
REVOKE UPDATE, DELETE, TRUNCATE ON public.organizations_operatorrecord FROM chancery_app;
REVOKE INSERT, UPDATE, TRUNCATE ON public.directory_operator FROM chancery_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.django_migrations FROM chancery_app;
"""

GRANT_OWN = """
GRANT USAGE ON SCHEMA {schema} TO chancery_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO chancery_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO chancery_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO chancery_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.django_migrations FROM chancery_app;
"""

KEEP_OPERATOR_RECORD = """
CREATE FUNCTION public.organizations_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'The operator record is only ever added to.' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER organizations_operatorrecord_kept BEFORE UPDATE OR DELETE
ON public.organizations_operatorrecord FOR EACH STATEMENT EXECUTE FUNCTION public.organizations_refuse_change();
"""


def grants_for(schema: str) -> str:
    """Return the grants of one organization's schema: the general ones, then what the ledger withholds again."""
    ledger = resources.files("audit").joinpath("grants.sql")
    withheld = ledger.read_text(encoding="utf-8") if ledger.is_file() else ""
    return (GRANT_OWN + withheld).replace("{schema}", schema)


@contextmanager
def as_owner() -> Iterator[None]:
    """Act as the login role, which owns the tables, for the length of the block; must be in a transaction.

    The role of before comes back at the end, so that the rest of the transaction is held to the application's rights.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("as_owner() changes the role of one transaction only.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (before,) = cursor.fetchone()
        cursor.execute("SET LOCAL ROLE NONE")
    yield
    if before != "none":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', %s, true)", [before])
