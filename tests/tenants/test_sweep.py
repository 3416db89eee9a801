"""The sweep over all ledgers: who has something to do is sent a message, nobody else."""

from unittest import mock

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from audit.selectors.pending_ledgers import unsealed
from audit.selectors.schemas import BATCH
from audit.services.begin import begin
from audit.services.record import record
from portal.tasks import BUSY, sweep
from tenants.context import in_schema
from tests.tenants import builders

NUMBERED = "update audit_ledger set horizon = pg_current_xact_id()::text::bigint + 1"
REPORTED = (
    "insert into audit_reportedevent (event_id, kind, outcome, record, salt) values (gen_random_uuid(), '', '', '', '')"
)


class SweepTest(TestCase):
    def setUp(self) -> None:
        self.idle, self.busy = builders.organization("idle"), builders.organization("busy")
        self.schemas = [self.idle.schema_name, self.busy.schema_name]
        for schema in self.schemas:
            with in_schema(schema):
                begin(base_domain="localhost", organization_id=schema)

    def in_busy(self, statement: str) -> None:
        with in_schema(self.busy.schema_name), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_a_new_ledger_is_idle(self) -> None:
        assert unsealed(self.schemas) == set()

    def test_an_event_without_a_number_is_work_until_it_has_one(self) -> None:
        with in_schema(self.busy.schema_name):
            record(kind="content.opened", outcome="allowed")
        assert unsealed(self.schemas) == {self.busy.schema_name}
        self.in_busy(NUMBERED)
        assert unsealed(self.schemas) == set()

    def test_a_report_in_the_inbox_is_work(self) -> None:
        self.in_busy(REPORTED)
        assert unsealed(self.schemas) == {self.busy.schema_name}

    def test_no_statement_holds_the_locks_of_all(self) -> None:
        with CaptureQueriesContext(connection) as captured:
            unsealed([self.idle.schema_name] * (BATCH + 1))
        looked = [query["sql"].count("audit_ledger") for query in captured if "audit_ledger" in query["sql"]]
        assert looked == [BATCH, 1]

    def test_only_who_has_something_to_do_is_sent_a_message(self) -> None:
        self.in_busy(REPORTED)
        with mock.patch("tenants.worker.current_app") as sending:
            assert sweep("protection.seal_ledger") == 1
        sending.send_task.assert_called_once_with("protection.seal_ledger", args=[str(self.busy.id)], expires=60)

    def test_one_that_cannot_look_keeps_no_other_from_it(self) -> None:
        self.in_busy(REPORTED)

        def cannot(_schemas: object) -> set[str]:
            raise LookupError

        with (
            mock.patch("tenants.worker.current_app") as sending,
            mock.patch("portal.tasks.BUSY", {**BUSY, "portal.hand_over": cannot}),
            pytest.raises(ExceptionGroup) as raised,
        ):
            sweep("portal.hand_over", "protection.seal_ledger")
        assert [type(one) for one in raised.value.exceptions] == [LookupError]
        sending.send_task.assert_called_once_with("protection.seal_ledger", args=[str(self.busy.id)], expires=60)
