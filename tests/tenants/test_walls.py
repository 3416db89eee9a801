"""The wall between organizations in the database, and each hole that was once seen in it."""

import threading
import uuid
from unittest import mock

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from audit.services.record import record
from tenants import schemas
from tenants.backend.base import DatabaseWrapper
from tenants.context import (
    UnknownOrganization,
    current_schema,
    in_organization,
    in_public,
    in_schema,
    leave_to_public,
)
from tenants.organizations.checks import disjoint_names, same_tables
from tenants.organizations.selectors import OrganizationFacts
from tests.tenants import builders


def events() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM audit_event ORDER BY kind")
        return [kind for (kind,) in cursor.fetchall()]


class WallTest(TestCase):
    contoso: OrganizationFacts
    fabrikam: OrganizationFacts

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso")
        cls.fabrikam = builders.organization("fabrikam")
        with in_organization(cls.contoso.id):
            record(kind="test.happened", outcome="done")

    def tearDown(self) -> None:
        leave_to_public()

    def test_rows_stay_in_their_organization(self) -> None:
        with in_organization(self.contoso.id):
            self.assertEqual(events(), ["test.happened"])
        with in_organization(self.fabrikam.id):
            self.assertEqual(events(), [])

    def test_nested_blocks_return_to_the_outer_organization(self) -> None:
        with in_organization(self.contoso.id):
            with in_organization(self.fabrikam.id):
                self.assertEqual(events(), [])
            self.assertEqual(events(), ["test.happened"])
            with in_public(), self.assertRaises(DatabaseError), transaction.atomic():
                events()
            self.assertEqual(events(), ["test.happened"])

    def test_without_an_organization_its_tables_do_not_exist(self) -> None:
        with self.assertRaises(DatabaseError), transaction.atomic():
            events()

    def test_a_failed_path_change_raises_instead_of_reading_the_last_organization(self) -> None:
        with in_organization(self.contoso.id):
            self.assertEqual(events(), ["test.happened"])
        broken = mock.patch.object(DatabaseWrapper, "_get_cursor_search_paths", return_value=["fabri\x00kam"])
        refused = self.assertRaises((DatabaseError, ValueError))
        with broken, in_schema(self.fabrikam.schema_name), refused, transaction.atomic():
            events()

    def test_after_a_rollback_the_path_is_set_again(self) -> None:
        with in_organization(self.contoso.id):
            with self.assertRaises(ZeroDivisionError), transaction.atomic():
                events()
                raise ZeroDivisionError
            self.assertEqual(events(), ["test.happened"])

    def test_a_lost_transaction_can_still_be_rolled_back(self) -> None:
        with in_organization(self.contoso.id):
            with self.assertRaises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT nothing FROM nowhere")
            self.assertEqual(events(), ["test.happened"])

    def test_a_schema_that_we_never_made_cannot_be_entered(self) -> None:
        for name in ("pg_catalog", "information_schema", "org_short", 'org_"; DROP', "Public"):
            with self.subTest(name), self.assertRaises(ImproperlyConfigured), in_schema(name):
                events()

    def test_an_unknown_organization_is_an_error(self) -> None:
        with self.assertRaises(UnknownOrganization), in_organization(uuid.uuid4()):
            events()

    def test_the_path_is_set_once_for_each_switch(self) -> None:
        with in_organization(self.contoso.id), CaptureQueriesContext(connection) as captured:
            events()
            events()
        sets = [query for query in captured if query["sql"].startswith("SET search_path")]
        self.assertEqual(len(sets), 1)

    def test_a_new_thread_stands_in_public(self) -> None:
        seen: list[str] = []
        with in_organization(self.contoso.id):
            thread = threading.Thread(target=lambda: seen.append(current_schema()))
            thread.start()
            thread.join()
        self.assertEqual(seen, ["public"])

    def test_no_table_stands_on_both_sides(self) -> None:
        self.assertEqual(disjoint_names(), [])
        shared, own = schemas.shared_and_own_tables()
        self.assertIn("directory_person", shared)
        self.assertIn("audit_event", own)

    def test_a_table_on_both_sides_is_refused(self) -> None:
        with mock.patch.object(schemas, "shared_and_own_tables", return_value=({"a", "b"}, {"b", "c"})):
            self.assertEqual([message.id for message in disjoint_names()], ["tenants.E001"])

    def test_schemas_that_differ_are_refused(self) -> None:
        builders.organization("northwind")
        self.assertEqual(same_tables(databases=["default"]), [])
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {self.fabrikam.schema_name}.audit_event CASCADE")
        (message,) = same_tables(databases=["default"])
        self.assertEqual(message.id, "tenants.E002")
        self.assertIn(self.fabrikam.schema_name, message.msg)

    def test_no_foreign_key_leaves_an_organization_s_schema(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b"
                " ON b.oid = c.confrelid WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace"
            )
            self.assertEqual(cursor.fetchone()[0], 0)
