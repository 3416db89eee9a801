"""Making, migrating and erasing organizations."""

import threading
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, migrations, transaction
from django.db.migrations.operations.base import Operation
from django.test import TestCase

import tenants
from audit.services.record import record
from tenants import migrating, naming, provisioning, roles, schemas
from tenants.backend.base import BASE_SCHEMA
from tenants.context import current_schema, in_organization, in_schema
from tenants.directory.models import PendingRevocation
from tenants.directory.services.disable_person import disable_person
from tenants.organizations.models import Host, OperatorRecord, Organization
from tenants.organizations.selectors import OrganizationFacts, organization_at, organization_by_slug
from tenants.organizations.services.activate_service import activate_service
from tenants.organizations.services.change_state import WrongState
from tenants.organizations.services.deactivate_service import deactivate_service
from tenants.organizations.services.erase_organization import erase_organization
from tenants.organizations.services.resume_organization import resume_organization
from tenants.organizations.services.suspend_organization import suspend_organization
from tests.tenants import builders

ACTOR = builders.ACTOR


class BaseSchemaTest(TestCase):
    def test_the_committed_base_is_what_the_migrations_make(self) -> None:
        made = builders.organization("contoso")
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {BASE_SCHEMA}")
        migrating.migrate_new_schema(BASE_SCHEMA)
        shapes = schemas.shapes([made.schema_name, BASE_SCHEMA])
        assert shapes[BASE_SCHEMA]
        assert shapes[made.schema_name] == shapes[BASE_SCHEMA]
        recorded = migrating.applied([made.schema_name, BASE_SCHEMA])
        assert recorded[made.schema_name] == recorded[BASE_SCHEMA]

    def test_creation_refuses_a_base_that_lags_behind(self) -> None:
        provisioning.base_sql.cache_clear()
        lagging = mock.patch.object(provisioning, "migrations_digest", return_value="0" * 64)
        with lagging, pytest.raises(provisioning.BaseSchemaOutdated), transaction.atomic():
            builders.organization("contoso")
        provisioning.base_sql.cache_clear()
        assert organization_by_slug("contoso") is None

    def test_the_base_holds_no_name_but_the_improbable_one(self) -> None:
        text = (Path(tenants.__path__[0]) / "base.sql").read_text()
        assert "public." not in text
        assert "OWNER TO" not in text


class CreationTest(TestCase):
    def test_it_takes_a_fraction_of_migrating(self) -> None:
        """One after the other, so that both have the same share of a busy machine; the quickest of each counts."""
        builders.organization("warm-up")
        replayed, migrated = [], []
        for number in range(3):
            replayed.append(seconds(lambda: builders.organization(f"quick-{number}")))  # noqa: B023  # called at once
            with connection.cursor() as cursor:
                cursor.execute(f"DROP SCHEMA IF EXISTS {BASE_SCHEMA} CASCADE; CREATE SCHEMA {BASE_SCHEMA}")
            migrated.append(seconds(lambda: migrating.migrate_new_schema(BASE_SCHEMA)))
        assert min(replayed) * 3 < min(migrated), (
            f"creation took {min(replayed):.3f} s, migrating {min(migrated):.3f} s"
        )

    def test_a_taken_name_leaves_nothing_behind(self) -> None:
        builders.organization("contoso")
        before = schema_count()
        with pytest.raises(IntegrityError), transaction.atomic():
            builders.organization("contoso")
        assert schema_count() == before

    def test_a_bad_name_is_refused(self) -> None:
        for slug in ("admin", "a", "-x-", "con--toso", "1abc"):
            with self.subTest(slug), pytest.raises(naming.NameRefused):
                builders.organization(slug)

    def test_host_and_record_exist(self) -> None:
        made = builders.organization("contoso")
        assert made.host == "contoso.localhost"
        found = organization_at("contoso.localhost")
        assert found == made
        assert OperatorRecord.objects.filter(kind="organization.created", organization_id=made.id).exists()


class StateTest(TestCase):
    def setUp(self) -> None:
        self.made = builders.organization("contoso")

    def test_suspend_and_resume_are_recorded_in_both_ledgers(self) -> None:
        suspend_organization(organization_id=self.made.id, reason="unpaid", actor=ACTOR)
        with pytest.raises(WrongState):
            suspend_organization(organization_id=self.made.id, reason="again", actor=ACTOR)
        resume_organization(organization_id=self.made.id, reason="paid", actor=ACTOR)
        with in_organization(self.made.id), connection.cursor() as cursor:
            cursor.execute("SELECT kind FROM audit_event ORDER BY received_at, kind")
            kinds = {kind for (kind,) in cursor.fetchall()}
        assert kinds == {"organization.suspended", "organization.resumed"}

    def test_the_service_is_switched_on_and_off(self) -> None:
        assert activate_service(organization_id=self.made.id, actor=ACTOR)
        assert not activate_service(organization_id=self.made.id, actor=ACTOR), "nothing changed"
        deactivate_service(organization_id=self.made.id, reason="audit", actor=ACTOR)
        assert not Organization.objects.get(id=self.made.id).service_active

    def test_erasing_shreds_keys_first_and_needs_suspension(self) -> None:
        shredded: list[tuple[str, str]] = []

        def shred(organization_id: object) -> None:
            shredded.append((str(organization_id), current_schema()))

        with pytest.raises(WrongState):
            erase_organization(organization_id=self.made.id, reason="wish", shred_keys=shred, actor=ACTOR)
        olga = builders.person(self.made.id, "olga@contoso.example")
        disable_person(organization_id=self.made.id, person_id=olga.id, actor=ACTOR)
        assert PendingRevocation.objects.filter(organization_id=self.made.id).exists()
        suspend_organization(organization_id=self.made.id, reason="wish", actor=ACTOR)
        erase_organization(organization_id=self.made.id, reason="wish", shred_keys=shred, actor=ACTOR)
        assert shredded == [(str(self.made.id), self.made.schema_name)]
        assert self.made.schema_name not in schemas.organization_schemas()
        assert not Host.objects.filter(organization_id=self.made.id).exists()
        assert not PendingRevocation.objects.filter(organization_id=self.made.id).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM directory_person WHERE id = %s", [olga.id])
            assert cursor.fetchone()[0] == 0
        with pytest.raises(IntegrityError), transaction.atomic():
            builders.organization("contoso")

    def test_a_failed_shredding_erases_nothing(self) -> None:
        suspend_organization(organization_id=self.made.id, reason="wish", actor=ACTOR)

        def fail(_organization_id: object) -> None:
            raise OSError("the key store is away")

        with pytest.raises(OSError):
            erase_organization(organization_id=self.made.id, reason="wish", shred_keys=fail, actor=ACTOR)
        assert self.made.schema_name in schemas.organization_schemas()

    def test_the_operator_record_cannot_be_changed(self) -> None:
        for statement in (
            "UPDATE organizations_operatorrecord SET actor = 'x'",
            "DELETE FROM organizations_operatorrecord",
        ):
            with (
                self.subTest(statement),
                pytest.raises(DatabaseError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


class RolesTest(TestCase):
    made: OrganizationFacts

    @classmethod
    def setUpTestData(cls) -> None:
        cls.made = builders.organization("contoso")
        with in_organization(cls.made.id):
            record(kind="test.happened", outcome="done")

    def run_as(self, role: str, statement: str) -> None:
        with in_organization(self.made.id), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
            cursor.execute(statement)

    def test_the_application_cannot_change_events(self) -> None:
        for statement in (
            "UPDATE audit_event SET kind = 'x'",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event CASCADE",
            "DELETE FROM audit_eventpersonal",
            "INSERT INTO audit_eventsequence (epoch, seq, event_id, leaf_hash) SELECT 1, 1, id, '' FROM audit_event",
            "DELETE FROM django_migrations",
            "CREATE TABLE mine (a int)",
            "DROP TABLE audit_event",
        ):
            with self.subTest(statement), pytest.raises(DatabaseError):
                self.run_as("chancery_app", statement)

    def test_the_application_can_write_and_read(self) -> None:
        self.run_as("chancery_app", "SELECT kind FROM audit_event")
        self.run_as("chancery_app", "UPDATE public.organizations_organization SET name = name")
        with pytest.raises(DatabaseError):
            self.run_as("chancery_app", "DELETE FROM public.organizations_operatorrecord")

    def test_the_application_can_create_organizations(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE chancery_app")
            builders.organization("fabrikam")
            cursor.execute("SELECT current_user")
            assert cursor.fetchone()[0] == "chancery_app"

    def test_roles_are_made_again_without_harm(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(roles.CREATE_ROLES)
            cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'chancery_app'")
            assert cursor.fetchall() == [(False, False)]


class MigrationTest(TestCase):
    names: list[str]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.names = [builders.organization(name).schema_name for name in ("contoso", "fabrikam", "northwind")]

    def added(self, *operations: Operation) -> migrations.Migration:
        migration = migrations.Migration("9999_test", "audit")
        vars(migration)["operations"] = list(operations)
        last = [one for one in migrating.plan() if one.app_label == "audit"][-1]
        vars(migration)["dependencies"] = [("audit", last.name)]
        return migration

    def test_nothing_to_do_changes_nothing(self) -> None:
        assert migrating.migrate_schemas(self.names) == migrating.Outcome()

    def test_sql_is_rendered_once_and_replayed_everywhere(self) -> None:
        migration = self.added(migrations.RunSQL("CREATE TABLE audit_extra (id int)"))
        rendered: list[str] = []

        def render(one: migrations.Migration) -> str:
            rendered.append(one.name)
            return "CREATE TABLE audit_extra (id int);"

        whole = [*migrating.plan(), migration]
        with mock.patch.object(migrating, "plan", return_value=whole), mock.patch.object(migrating, "_render", render):
            outcome = migrating.migrate_schemas(self.names)
            again = migrating.migrate_schemas(self.names)
        assert sorted(outcome.migrated) == sorted(self.names)
        assert rendered == ["9999_test"]
        assert again.migrated == []
        for name in self.names:
            with in_schema(name), connection.cursor() as cursor:
                cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{name}.audit_extra"])
                assert cursor.fetchone()[0]
                cursor.execute("SELECT has_table_privilege('chancery_app', %s, 'SELECT')", [f"{name}.audit_extra"])
                assert cursor.fetchone()[0]

    def test_it_continues_where_it_stopped(self) -> None:
        migration = self.added(migrations.RunSQL("SELECT 1"))
        whole = [*migrating.plan(), migration]
        applied: list[str] = []

        def apply(_migration: object, _scripts: object) -> None:
            if len(applied) == 1:
                raise RuntimeError("killed")
            applied.append(current_schema())
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '9999_test', now())"
                )

        with mock.patch.object(migrating, "plan", return_value=whole):
            with mock.patch.object(migrating, "_apply", apply), pytest.raises(RuntimeError):
                migrating.migrate_schemas(self.names)
            with mock.patch.object(migrating, "_render", return_value="SELECT 1;"):
                outcome = migrating.migrate_schemas(self.names)
        assert len(applied) == 1
        assert sorted([*outcome.migrated, *applied]) == sorted(self.names)

    def test_python_in_a_migration_is_not_rendered(self) -> None:
        assert not migrating.is_pure_sql([migrations.RunPython(migrations.RunPython.noop)])
        hidden = migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(migrations.RunPython.noop)]
        )
        assert not migrating.is_pure_sql([hidden])
        assert migrating.is_pure_sql([migrations.RunSQL("SELECT 1")])

    def test_the_runner_of_django_tenants_is_closed(self) -> None:
        with pytest.raises(CommandError):
            call_command("migrate_schemas")

    def test_the_commands_say_what_they_did(self) -> None:
        out = StringIO()
        call_command("migrate_organizations", "--schemas-only", stdout=out)
        call_command("check_schemas", stdout=out)
        assert "3 organizations, 0 changed" in out.getvalue()
        assert "3 schemas are the same" in out.getvalue()


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def schema_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'org\\_%'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_four_organizations_with_one_name_at_once() -> None:
    before = schema_count()
    outcomes: list[str] = []

    def create() -> None:
        try:
            builders.organization("contoso")
            outcomes.append("made")
        except IntegrityError:
            outcomes.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "taken", "taken", "taken"]
    assert schema_count() == before + 1
