"""The wall between organizations in the database, and each hole that was once seen in it."""

import threading
import uuid
from unittest import mock

import pytest
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


def read_and_fail() -> None:
    events()
    raise ZeroDivisionError


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
            assert events() == ["test.happened"]
        with in_organization(self.fabrikam.id):
            assert events() == []

    def test_nested_blocks_return_to_the_outer_organization(self) -> None:
        with in_organization(self.contoso.id):
            with in_organization(self.fabrikam.id):
                assert events() == []
            assert events() == ["test.happened"]
            with in_public(), pytest.raises(DatabaseError), transaction.atomic():
                events()
            assert events() == ["test.happened"]

    def test_without_an_organization_its_tables_do_not_exist(self) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            events()

    def test_a_failed_path_change_raises_instead_of_reading_the_last_organization(self) -> None:
        with in_organization(self.contoso.id):
            assert events() == ["test.happened"]
        broken = mock.patch.object(DatabaseWrapper, "_get_cursor_search_paths", return_value=["fabri\x00kam"])
        refused = pytest.raises((DatabaseError, ValueError))
        with broken, in_schema(self.fabrikam.schema_name), refused, transaction.atomic():
            events()

    def test_after_a_rollback_the_path_is_set_again(self) -> None:
        with in_organization(self.contoso.id):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                read_and_fail()
            assert events() == ["test.happened"]

    def test_a_lost_transaction_can_still_be_rolled_back(self) -> None:
        with in_organization(self.contoso.id):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT nothing FROM nowhere")
            assert events() == ["test.happened"]

    def test_a_schema_that_we_never_made_cannot_be_entered(self) -> None:
        for name in ("pg_catalog", "information_schema", "org_short", 'org_"; DROP', "Public"):
            with self.subTest(name), pytest.raises(ImproperlyConfigured), in_schema(name):
                events()

    def test_an_unknown_organization_is_an_error(self) -> None:
        with pytest.raises(UnknownOrganization), in_organization(uuid.uuid4()):
            events()

    def test_the_path_is_set_once_for_each_switch(self) -> None:
        with in_organization(self.contoso.id), CaptureQueriesContext(connection) as captured:
            events()
            events()
        sets = [query for query in captured if query["sql"].startswith("SET search_path")]
        assert len(sets) == 1

    def test_a_new_thread_starts_in_public(self) -> None:
        seen: list[str] = []
        with in_organization(self.contoso.id):
            thread = threading.Thread(target=lambda: seen.append(current_schema()))
            thread.start()
            thread.join()
        assert seen == ["public"]

    def test_no_table_is_on_both_sides(self) -> None:
        assert disjoint_names() == []
        shared, own = schemas.shared_and_own_tables()
        assert "directory_person" in shared
        assert "audit_event" in own

    def test_a_table_on_both_sides_is_refused(self) -> None:
        with mock.patch.object(schemas, "shared_and_own_tables", return_value=({"a", "b"}, {"b", "c"})):
            assert [message.id for message in disjoint_names()] == ["tenants.E001"]

    def test_schemas_that_differ_are_refused(self) -> None:
        builders.organization("northwind")
        assert same_tables(databases=["default"]) == []
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {self.fabrikam.schema_name}.audit_event CASCADE")
        (message,) = same_tables(databases=["default"])
        assert message.id == "tenants.E002"
        assert self.fabrikam.schema_name in message.msg

    def test_no_foreign_key_leaves_an_organization_s_schema(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b"
                " ON b.oid = c.confrelid WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace"
            )
            assert cursor.fetchone()[0] == 0
