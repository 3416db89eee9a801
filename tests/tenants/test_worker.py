"""Background tasks: each inside one organization, refused where it may not act."""

import uuid
from unittest import mock

import pytest
from celery import Celery, shared_task
from django.test import TestCase

from portal.celery import SWEEPS, app
from tenants.context import OrganizationSuspended, UnknownOrganization, current_schema
from tenants.organizations.services.suspend_organization import suspend_organization
from tenants.worker import OrganizationTask, fan_out
from tests.tenants import builders


@shared_task(name="test.where")
def where(organization_id: str, *, prefix: str = "") -> str:
    return prefix + current_schema()


class WorkerTest(TestCase):
    def setUp(self) -> None:
        self.contoso = builders.organization("contoso")
        assert isinstance(app, Celery)

    def test_every_task_is_an_organization_task(self) -> None:
        assert isinstance(app.tasks["test.where"], OrganizationTask)

    def test_it_runs_in_its_organization_and_leaves_again(self) -> None:
        assert where(str(self.contoso.id), prefix="in ") == f"in {self.contoso.schema_name}"
        assert current_schema() == "public"

    def test_a_suspended_organization_is_refused(self) -> None:
        suspend_organization(organization_id=self.contoso.id, reason="test", actor=builders.ACTOR)
        with pytest.raises(OrganizationSuspended):
            where(str(self.contoso.id))

    def test_an_unknown_organization_is_refused(self) -> None:
        with pytest.raises(UnknownOrganization):
            where(str(uuid.uuid4()))

    def test_a_sweep_reaches_every_active_organization(self) -> None:
        fabrikam = builders.organization("fabrikam")
        suspend_organization(organization_id=fabrikam.id, reason="test", actor=builders.ACTOR)
        with mock.patch("tenants.worker.current_app") as sending:
            assert fan_out("test.where") == 1
        sending.send_task.assert_called_once_with("test.where", args=[str(self.contoso.id)], expires=60)

    def test_what_is_swept_exists(self) -> None:
        app.loader.import_default_modules()
        assert set(SWEEPS) <= set(app.tasks)
