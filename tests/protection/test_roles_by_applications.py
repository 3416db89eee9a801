"""Applications reach roles only with a permission of its own, given by an administrator with a second factor."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail

from chancery.policy.policy import Strength
from portal.tasks import answer_previews
from portal.usecases import applications, roles
from portal.usecases.caller import Caller, caller_at
from portal.usecases.confirmation import Stated
from portal.usecases.previews.ask import ask_about_person
from portal.usecases.previews.save import save
from tenants.context import in_organization
from tenants.directory.errors import NotPermitted
from tenants.directory.models import Person, RoleAssignment
from tenants.directory.selectors.people import person_in
from tenants.directory.services.create_application import create_application
from tests.cast import ACTOR, Cast
from tests.portal.identity.browser import Browser, host_of, origin_of
from tests.protection.steps import call, ledger, problem


@pytest.fixture
def contoso(cast: Cast) -> UUID:
    return cast.organizations["contoso"].id


def application(cast: Cast, *names: str) -> tuple[Caller, dict[str, str]]:
    """Return an application's caller, and the header with which it calls."""
    organization = cast.organizations["contoso"]
    made = create_application(organization_id=organization.id, name=f"app {uuid4().hex}", roles=names, actor=ACTOR)
    fields = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.secret}
    token = Browser().form("/identity/o/api/token", {**fields, "resource": origin_of("contoso")}).json()
    person = Person.objects.get(id=made.person_id)
    return caller_at(organization, person, ip="", source="api"), {
        "HTTP_AUTHORIZATION": f"Bearer {token['access_token']}"
    }


def test_provisioning_reaches_no_role(cast: Cast, contoso: UUID) -> None:
    caller, header = application(cast, "directory")
    browser = Browser(host_of("contoso"))
    extra: dict[str, Any] = dict(header)

    def ask(method: str, path: str, body: Mapping[str, object]) -> int:
        return browser.generic(
            method, f"/api/v1/{path}", json.dumps(body), content_type="application/json", **extra
        ).status_code

    newcomer = f"n{uuid4().hex[:8]}@contoso.example"
    before = len(ledger(cast, "contoso", "call.refused"))
    assert ask("POST", "people", {"email": newcomer, "role": "global_administrator"}) == 403
    (refused, *others) = ledger(cast, "contoso", "call.refused")
    assert len(others) == before
    assert (refused.details["operation"], refused.details["missing"]) == ("POST /api/v1/people", "roles:manage")
    assert ask("POST", "people", {"email": newcomer}) == 201
    for person, change in (
        (cast.max.id, {"role": "global_administrator"}),
        (cast.max.id, {"role": "auditor"}),
        (cast.ada.id, {"role": "user"}),
        (cast.ada.id, {"disabled": True}),
        (cast.ada.id, {"disabled": False}),
    ):
        assert ask("PATCH", f"people/{person}", change) == 403, change
    assert person_in(contoso, cast.ada.id).roles == ("user", "global_administrator")
    with in_organization(contoso):
        asked = ask_about_person(
            caller=caller, organization_id=contoso, person_id=cast.max.id, role="global_administrator"
        ).id
        answer_previews(str(contoso))
        stated = Stated(cast.max.address, "Provisioned", None)
        with pytest.raises(NotPermitted):
            save(caller=caller, organization_id=contoso, preview=asked, stated=stated)


def test_roles_are_given_to_applications_with_a_second_factor_only(cast: Cast) -> None:
    name, wanted = f"hr {uuid4().hex[:6]}", ["directory", "roles"]
    body = {"name": name, "roles": wanted}
    problem(call(cast.ada, "contoso", "POST", "applications", body), 403, "not_permitted")
    ada = Person.objects.get(id=cast.ada.id)
    strong = caller_at(cast.organizations["contoso"], ada, ip="", source="pages", strength=Strength.MFA)
    with in_organization(cast.organizations["contoso"].id):
        assert applications.create_application(caller=strong, name=name, roles=wanted).credentials.client_id


def test_a_role_that_an_application_changes_is_recorded_and_mailed(cast: Cast, contoso: UUID) -> None:
    caller, _header = application(cast, "directory", "roles")
    mail.outbox.clear()
    with in_organization(contoso):
        assert roles.change_role(caller=caller, person_id=cast.max.id, role="auditor")
    (event, *_) = ledger(cast, "contoso", "role.changed")
    assert event.details == {"before": "user", "after": "auditor"}
    assert [one.to for one in mail.outbox] == [[cast.ada.address]]
    assert cast.max.address in mail.outbox[0].subject
    RoleAssignment.objects.within(contoso).filter(person_id=cast.max.id).delete()
