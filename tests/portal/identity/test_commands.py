"""What an operator does from a shell: the same operations, recorded."""

import re
import tempfile
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, override_settings

from protection.keys.root import KeyDestroyed, root_store
from tenants.context import in_organization
from tenants.directory.selectors.people import holder_of, people_in
from tenants.directory.services.redeem_enrollment_code import redeem_enrollment_code
from tenants.organizations.models import OperatorRecord
from tenants.organizations.selectors import OrganizationFacts, organization_by_slug
from tests.portal.identity.browser import Browser, origin_of


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue().strip()


def contoso() -> OrganizationFacts:
    found = organization_by_slug("contoso")
    assert found is not None
    return found


class CommandTest(TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(CHANCERY_KEYRING=Path(folder.name))
        settings.enable()
        self.addCleanup(settings.disable)
        root_store.cache_clear() if hasattr(root_store, "cache_clear") else None
        run("create_organization", "--name", "Contoso", "--slug", "contoso", "--mail-domain", "contoso.example",
            "--admin", "ada@contoso.example", "--admin-name", "Ada")  # fmt: skip

    def test_an_organization_is_founded_whole(self) -> None:
        assert contoso().service_active
        (ada,) = people_in(contoso().id)
        assert (ada.name, ada.roles) == ("Ada", ("user", "global_administrator"))
        assert holder_of("ada@contoso.example") == ada.id
        with in_organization(contoso().id), connection.cursor() as cursor:
            cursor.execute("SELECT kind FROM audit_event")
            kinds = {kind for (kind,) in cursor.fetchall()}
        assert {"service.activated", "person.created", "domain.proven"} <= kinds

    def test_a_second_one_with_the_same_name_is_refused(self) -> None:
        with pytest.raises(CommandError, match=re.escape("already")):
            run("create_organization", "--name", "C", "--slug", "contoso", "--admin", "x@other.example")

    @override_settings(CHANCERY_EMBEDDED=False)
    def test_in_production_the_domain_waits_for_its_dns(self) -> None:
        out = run("create_organization", "--name", "F", "--slug", "fabrikam", "--mail-domain", "fabrikam.example",
                  "--admin", "fred@fabrikam.example")  # fmt: skip
        assert "chancery-domain=" in out
        assert holder_of("fred@fabrikam.example") is None

    def test_people_are_created(self) -> None:
        out = run("create_person", "--organization", "contoso", "--role", "auditor", "max@contoso.example")
        assert out == "max@contoso.example is auditor of Contoso. An invitation is mailed."
        assert "Contoso invites you" in mail.outbox[-1].subject
        with pytest.raises(CommandError, match=re.escape("is in the organization already")):
            run("create_person", "--organization", "contoso", "max@contoso.example")
        with pytest.raises(CommandError, match=re.escape("There is no organization")):
            run("create_person", "--organization", "nobody", "max@contoso.example")

    def test_suspend_resume_erase(self) -> None:
        with pytest.raises(CommandError, match=re.escape("suspended")):
            run("erase_organization", "contoso", "--reason", "wish", "--yes")
        with pytest.raises(CommandError, match=re.escape("no terminal to ask")):
            run("suspend_organization", "contoso", "--reason", "unpaid")
        run("suspend_organization", "contoso", "--reason", "unpaid", "--yes")
        run("resume_organization", "contoso", "--reason", "paid")
        run("suspend_organization", "contoso", "--reason", "wish", "--yes")
        with pytest.raises(CommandError, match=re.escape("no terminal to ask")):
            run("erase_organization", "contoso", "--reason", "wish")
        organization_id = contoso().id
        run("erase_organization", "contoso", "--reason", "wish", "--yes")
        with pytest.raises(KeyDestroyed):
            root_store().organization_key(organization_id)
        kinds = list(OperatorRecord.objects.order_by("at").values_list("kind", flat=True))
        assert kinds[0] == "organization.created"
        assert kinds[-1] == "organization.erased"
        assert {record.actor for record in OperatorRecord.objects.all()} == {"operator"}

    def test_an_enrollment_code_names_the_person(self) -> None:
        code = run("enrollment_code", "ada@contoso.example")
        assert redeem_enrollment_code(code=code) == holder_of("ada@contoso.example")
        with pytest.raises(CommandError, match=re.escape("There is no account")):
            run("enrollment_code", "nobody@contoso.example")

    def test_a_sign_in_link_leads_to_the_only_organization(self) -> None:
        link = run("sign_in_link", "ada@contoso.example")
        browser = Browser()
        response = browser.post(link.partition(browser.host)[2])
        # A page that leads on, since a form may not leave for another host.
        assert response["Refresh"] == f"0; url={origin_of('contoso')}/signin/"
        assert get_user(browser).pk == holder_of("ada@contoso.example")
        with pytest.raises(CommandError, match=re.escape("not an address of this installation")):
            run("sign_in_link", "ada@contoso.example", "--to", "https://evil.example/")

    @override_settings(CHANCERY_EMBEDDED=False)
    def test_codes_and_links_are_of_the_embedded_mode(self) -> None:
        for command in ("enrollment_code", "sign_in_link"):
            with self.subTest(command), pytest.raises(CommandError, match=re.escape("embedded")):
                run(command, "ada@contoso.example")
