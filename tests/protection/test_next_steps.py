"""What a page says before and after an act: whom it concerns, and what to do when it does not go that way."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

from chancery.cli.main import main
from chancery.sdk.session import Session
from tenants.directory.models import Person
from tenants.directory.selectors.domains import applications_in
from tests.cast import Cast
from tests.isolation.endpoints import Browser, Site
from tests.protection.steps import MAX, call, protect

HOST = "contoso.localhost:8000"


def test_taking_back_from_one_recipient_names_them_and_concerns_nobody_else(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    olga = Site(cast, {}).browser(HOST, cast.olga)
    page = f"/documents/{sealed.cid}/revoke/"
    one = olga.get(f"{page}?recipient={MAX}").content.decode()
    assert "Other people keep their access" in one
    assert 'type="hidden" name="recipient"' in one
    for everybody in ("", "?recipient=nonsense"):
        asked = olga.get(page + everybody).content.decode()
        assert "Other people keep their access" not in asked
        assert 'type="text" name="recipient"' in asked


def test_an_address_that_only_takes_forms_answers_with_a_page(cast: Cast) -> None:
    ada = Site(cast, {}).browser(HOST, cast.ada)
    for address in ("/settings/service/", "/signout/"):
        answer = ada.get(address)
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert "Opening it changed nothing" in answer.content.decode()
        assert ada.head(address).content == b""


def test_adding_a_member_of_another_organization_says_that_they_are_a_guest(cast: Cast) -> None:
    ada = Site(cast, {}).browser(HOST, cast.ada)
    for address, said in ((cast.rita.address, True), ("somebody.new@contoso.example", False)):
        form = {"email": address, "name": "", "role": "user"}
        page = ada.post("/people/new/", form, follow=True).content.decode()
        assert ("so they are a guest here" in page) is said


def test_an_empty_organization_shows_its_administrator_what_to_set_up_and_where_the_command_is(cast: Cast) -> None:
    rita = Site(cast, {}).browser("fabrikam.localhost:8000", cast.rita)
    home = rita.get("/").content.decode()
    for address in ("/people/new/", "/groups/new/", "/templates/", "http://localhost:8000/client/"):
        assert f'href="{address}"' in home[home.index('id="set-up"') :]
    assert "First steps" not in Site(cast, {}).browser(HOST, cast.max).get("/").content.decode()


def test_the_page_of_an_application_says_what_it_may_do(cast: Cast) -> None:
    ada = Site(cast, {}).browser(HOST, cast.ada)
    for name, role, words in (
        ("Scanner", "connector", "It protects documents that it owns itself, and documents for all members"),
        ("Bare", "", "Only what it was"),
    ):
        assert ada.post("/applications/new/", {"name": name, "roles": [role] if role else []}).status_code == 200
        found = next(one for one in applications_in(cast.organizations["contoso"].id) if one.name == name)
        assert words in ada.get(f"/applications/{found.client_id}/").content.decode()


def test_a_secret_is_shown_once_and_a_refused_private_key_is_not_sent_back(cast: Cast) -> None:
    ada = Site(cast, {}).browser(HOST, cast.ada)
    ada.post("/applications/new/", {"name": "Keys", "roles": []})
    found = next(one for one in applications_in(cast.organizations["contoso"].id) if one.name == "Keys")
    address = f"/applications/{found.client_id}/"
    made = ada.post(address, {"act": "secret", "name": "second", "days": "30"}).content.decode()
    assert "shown this one time" in made
    assert "shown this one time" not in ada.get(address).content.decode()
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----"
    page = ada.post(address, {"act": "key", "name": "mine", "days": "30", "keys": key}).content.decode()
    assert ("This is a private key" in page, "MC4CAQ" in page, 'value="mine"' in page) == (True, False, True)


def test_a_mistyped_domain_or_member_is_answered_at_its_field(cast: Cast) -> None:
    ada = Site(cast, {}).browser(HOST, cast.ada)
    page = ada.post("/domains/new/", {"domain": "not a domain"}).content.decode()
    assert ('id="id_domain_error"' in page, 'value="not a domain"' in page) == (True, True)
    form = {"address": "x", "name": "", "members": "max@contoso.example\nmax at contoso"}
    page = ada.post("/groups/new/", form).content.decode()
    assert [name for name in ("address", "name", "members") if f'id="id_{name}_error"' not in page] == []
    assert ("Line 2: " in page, "max at contoso</textarea>" in page) == (True, True)


def test_a_page_that_only_takes_forms_speaks_the_language_of_the_person(cast: Cast) -> None:
    reader = cast.join("leser", "contoso")
    Person.objects.filter(pk=reader.id).update(language="de")
    answer = Site(cast, {}).browser(HOST, reader).get("/signout/")
    assert (answer.status_code, '<html lang="de">' in answer.content.decode()) == (405, True)


def test_why_at_the_command_line_uses_the_words_of_the_pages(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW,PRINT", "rita@fabrikam.example:EXPORT")
    monkeypatch.setattr(Session, "open", lambda *_, **__: cast.olga.session)

    def why(*options: str) -> str:
        return CliRunner().invoke(main, ["why", str(sealed.path), *options]).output

    assert why("--who", MAX).startswith(f"Allowed for {MAX}: read.\nThe entry “{MAX}” allows: read, print.")
    assert why("--who", MAX, "--right", "EXPORT").startswith(f"Not allowed for {MAX}: export.")
    assert "shows at the opening: rita@fabrikam.example." in why("--who", MAX, "--right", "EXPORT")
    mistyped = why("--who", "nonsense")
    assert "is not a mail address" in mistyped
    assert mistyped.endswith("Correct it and try again.\n")


def test_what_was_typed_wrong_is_said_in_plain_lines(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "open", lambda *_, **__: nullcontext(cast.ada.session))
    typed = CliRunner().invoke(main, ["person", "create", "bad"])
    wrong = typed.output
    assert typed.exit_code == 2, "what the service calls invalid is a usage error"
    assert wrong.startswith("The request is not valid. email: 'bad' is not a mail address")
    assert "x0a" not in wrong
    twice = CliRunner().invoke(main, ["person", "create", MAX]).output
    assert twice.startswith(f"{MAX} is in the organization already.\n")
    assert "give your administrator" not in twice


def test_the_list_of_keys_names_them_as_the_pages_do(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "open", lambda *_, **__: nullcontext(cast.ada.session))
    kid = call(cast.ada, "contoso", "GET", "keys").json()["results"][0]["kid"]
    assert kid in CliRunner().invoke(main, ["key", "list", "--wide"]).output
    assert kid in Site(cast, {}).browser(HOST, cast.ada).get("/keys/").content.decode()


def test_what_concerns_no_document_is_not_asked_about(cast: Cast, plan: Path) -> None:
    nina = cast.join("nina", "contoso")
    ada = Site(cast, {}).browser(HOST, cast.ada)
    asked = ada.post(f"/people/{nina.id}/", {"act": "disable"}).content.decode()
    assert "They get no license" in asked
    assert "that they protected or own" not in asked
    protect(nina, plan, f"{MAX}:VIEW")
    assert "1 document that they protected" in ada.post(f"/people/{nina.id}/", {"act": "disable"}).content.decode()


def test_a_mistyped_mail_domain_is_answered_at_its_field_and_nothing_typed_is_lost(cast: Cast) -> None:
    nobody = Browser("localhost:8000")
    form = {"name": "Northwind", "slug": "northwind", "mail_domain": "nonsense", "administrator": "ada@nw.example"}
    page = nobody.post("/organizations/new/", form).content.decode()
    assert "nonsense is not a mail domain. Write it like contoso.example." in page
    assert all(f'value="{value}"' in page for value in form.values())
