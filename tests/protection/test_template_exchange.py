"""Templates in files: out, looked at, in again; all of it or nothing (promise C42)."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.cast import Cast
from tests.protection.steps import RITA, call, confirmed, opening, problem, protect

OLGA = "olga@contoso.example"


def made(cast: Cast, *, name: str = "", **more: Any) -> str:
    """Make a template of Contoso that says something under every member; return its id."""
    contoso = cast.organizations["contoso"].id
    policy = {
        "grants": [{"who": RITA, "rights": ["VIEW"]}, {"who": f"organization:{contoso}", "rights": ["VIEW", "PRINT"]}],
        "offline_days": 3,
    }
    body = {
        "names": {"de": "Für Partner", "en": "For partners"} if not name else {"en": name},
        "descriptions": {"en": "Reading <only> & printing"},
        "policy": policy,
        "expiry_option": "after_days",
        "expires_after_days": 30,
        "scope": [OLGA],
        "offered_to_legacy": True,
        **more,
    }
    answer = call(cast.ada, "contoso", "POST", "templates", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def exported(cast: Cast, *templates: str, form: str = "json", slug: str = "contoso") -> str:
    who = {"contoso": cast.ada, "fabrikam": cast.rita}[slug]
    query = "&".join([f"as={form}", *(f"id={one}" for one in templates)])
    answer = call(who, slug, "GET", f"templates/export?{query}")
    assert answer.status_code == 200, answer.content
    return str(answer.json()["text"])


def looked(cast: Cast, text: str, slug: str = "fabrikam") -> dict[str, Any]:
    """Return what importing would do."""
    who = {"contoso": cast.ada, "fabrikam": cast.rita}[slug]
    answer = call(who, slug, "POST", "templates/import", {"text": text})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def imported(cast: Cast, text: str, slug: str = "fabrikam") -> dict[str, Any]:
    who = {"contoso": cast.ada, "fabrikam": cast.rita}[slug]
    confirm = looked(cast, text, slug)["confirm"]
    answer = call(who, slug, "POST", "templates/import", {"text": text, "confirm": confirm})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def template_of(cast: Cast, template: str, slug: str = "fabrikam") -> dict[str, Any]:
    who = {"contoso": cast.ada, "fabrikam": cast.rita}[slug]
    return dict(call(who, slug, "GET", f"templates/{template}").json())


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_template_arrives_at_another_organization_as_it_was(cast: Cast, form: str) -> None:
    template = made(cast)
    text = exported(cast, template, form=form)
    first = looked(cast, text)
    assert (first["done"], [one["action"] for one in first["results"]]) == (False, ["create"])
    assert first["mapped_organization"] == str(cast.organizations["contoso"].id)
    assert call(cast.rita, "fabrikam", "GET", f"templates/{template}").status_code == 404
    assert imported(cast, text)["done"]
    before, after = template_of(cast, template, "contoso"), template_of(cast, template)
    members = ("names", "descriptions", "name", "expiry_option", "expires_after_days", "scope", "offered_to_legacy")
    for member in members:
        assert after[member] == before[member], member
    assert (after["status"], after["version"], after["policy"]["offline_days"]) == ("archived", 1, 3)
    everybody = f"organization:{cast.organizations['fabrikam'].id}"
    assert {grant["who"]: grant["rights"] for grant in after["policy"]["grants"]} == {
        f"address:{RITA}": ["VIEW"],
        everybody: ["VIEW", "PRINT"],
    }
    again = looked(cast, text)
    assert [one["action"] for one in again["results"]] == ["keep"]


def test_a_known_template_gets_a_new_version_that_was_seen_before(cast: Cast) -> None:
    template = made(cast)
    document = json.loads(exported(cast, template))
    document["templates"][0]["policy"]["grants"] = []
    document["templates"][0]["scope"] = []
    text = json.dumps(document)
    result = looked(cast, text, "contoso")["results"][0]
    assert result["action"] == "change"
    assert {(one["member"], one["after"]) for one in result["changes"]} == {("grants", None)}
    assert result["offer"][1]["scope"] == []
    assert template_of(cast, template, "contoso")["version"] == 1
    imported(cast, text, "contoso")
    assert template_of(cast, template, "contoso")["version"] == 2
    newest = call(cast.ada, "contoso", "GET", f"templates/{template}/versions").json()["results"][0]
    assert len(newest["changes"]) == 2


def test_what_was_not_seen_is_not_imported(cast: Cast) -> None:
    template = made(cast)
    document = json.loads(exported(cast, template))
    document["templates"][0]["policy"]["offline_days"] = 0
    text = json.dumps(document)
    seen = looked(cast, text, "contoso")["confirm"]
    call(cast.ada, "contoso", "PATCH", f"templates/{template}", {"names": {"en": "Changed meanwhile"}})
    body = {"text": text, "confirm": seen}
    problem(call(cast.ada, "contoso", "POST", "templates/import", body), 409, "conflict")
    document["templates"][0]["policy"]["offline_days"] = -1
    body = {"text": json.dumps(document), "confirm": looked(cast, text, "contoso")["confirm"]}
    problem(call(cast.ada, "contoso", "POST", "templates/import", body), 409, "conflict")
    assert template_of(cast, template, "contoso")["version"] == 2


def test_what_a_file_does_not_say_stays(cast: Cast) -> None:
    """XML knows neither deny entries nor the end of a grant, and a file may leave out the scope: none is lifted."""
    ending = {"who": RITA, "rights": ["VIEW"], "until": 4_000_000_000}
    first = {"who": RITA, "rights": ["PRINT"], "until": 3_999_999_999}
    strict = {"grants": [ending, first], "deny": ["domain:rival.example"], "lease": 60}
    template = made(cast, policy=strict)
    text = f"""
    <Template>
      <TemplateId>{template}</TemplateId>
      <Names><Name LCID="1033">Only reading</Name></Names>
      <RightsDefinitions>
        <RightsDefinition><EmailAddress>{RITA}</EmailAddress><Rights><Right>VIEW</Right><Right>PRINT</Right></Rights>
        </RightsDefinition>
      </RightsDefinitions>
      <LicenseValidityDuration>7</LicenseValidityDuration>
    </Template>"""
    imported(cast, text, "contoso")
    after = template_of(cast, template, "contoso")
    assert (after["policy"]["deny"], after["policy"]["lease"], after["policy"]["offline_days"]) == (
        ["domain:rival.example"],
        60,
        7,
    )
    assert (after["scope"], after["expires_after_days"], after["names"]) == ([OLGA], 30, {"en-US": "Only reading"})
    assert after["policy"]["grants"][0] == {**first, "who": f"address:{RITA}", "rights": ["VIEW", "PRINT"]}
    answer = call(cast.ada, "contoso", "GET", f"templates/export?as=xml&id={template}")
    assert "Only reading" in problem(answer, 400, "invalid_import")["detail"]


def test_everybody_of_an_own_domain_is_everybody_here(cast: Cast) -> None:
    def grants(domain: str) -> list[str]:
        identity = uuid4()
        text = f"""<Templates><Template><TemplateId>{identity}</TemplateId><Names><Name LCID="1031">Alle</Name></Names>
          <RightsDefinitions><RightsDefinition>
            <EmailAddress>AllStaff-7184AB3F-CCD1-46F3-8233-3E09E9CF0E66@{domain}</EmailAddress>
            <Rights><Right>VIEW</Right></Rights>
          </RightsDefinition></RightsDefinitions></Template></Templates>"""
        imported(cast, text)
        return [one["who"] for one in template_of(cast, str(identity))["policy"]["grants"]]

    assert grants("fabrikam.example") == [f"organization:{cast.organizations['fabrikam'].id}"]
    assert grants("other.example") == ["domain:other.example"]


def test_another_organization_stays_who_it_is_and_is_pointed_out(cast: Cast) -> None:
    third = str(uuid4())
    template = made(cast, policy={"grants": [{"who": f"organization:{third}", "rights": ["VIEW"]}]})
    result = looked(cast, exported(cast, template))["results"][0]
    assert result["foreign_organizations"] == [third]


def test_documents_under_an_imported_template_open_as_it_says(cast: Cast, plan: Path) -> None:
    template = made(cast, policy={"grants": [], "offline_days": 0})
    call(cast.ada, "contoso", "POST", f"templates/{template}/publish")
    call(cast.ada, "contoso", "PATCH", f"templates/{template}", {"scope": None})
    sealed = protect(cast.olga, plan, template=template).path
    document = json.loads(exported(cast, template))
    document["templates"][0]["policy"]["grants"] = [{"who": RITA, "rights": ["VIEW"]}]
    imported(cast, json.dumps(document), "contoso")
    assert opening(cast.rita, sealed).rights == ("VIEW",)


def test_all_templates_go_into_one_file(cast: Cast) -> None:
    document = json.loads(exported(cast))
    listed = call(cast.ada, "contoso", "GET", "templates").json()["results"]
    assert {one["id"] for one in document["templates"]} == {one["id"] for one in listed}
    assert (document["format"], document["version"]) == ("chancery-templates", 1)
    assert document["organization"] == {"id": str(cast.organizations["contoso"].id), "name": "Contoso"}


def valid(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "names": {"en": "Fine"}, "policy": {"grants": []}, **more}


BAD: list[tuple[str, str]] = [
    ("", "The file is empty."),
    ('{"format": "chancery-templates",\n "version": 1,,}', "Line 2, column 15: this is not JSON"),
    ('{"format": "recipes", "version": 1, "templates": []}', "This is not a file of templates"),
    ('{"format": "chancery-templates", "version": 2, "templates": []}', "version 2"),
    ('{"format": "chancery-templates", "version": 1, "version": 1}', "written twice in one object: version"),
    ("<Templates>\n<Template>\n</Templates>", "Line 3: this is not XML"),
    ("<Recipes/>", "its outermost element is <Recipes>"),
    ("<Templates>\n<Recipe/></Templates>", "Line 2: <Recipe> is not known inside <Templates>"),
    ("<Templates>\n\n<Template/></Templates>", "Line 3: <Template> lacks <TemplateId>"),
    ('<!DOCTYPE t [<!ENTITY a "aaaa">]>\n<Templates>&a;</Templates>', "declares a document type"),
    ('<!DOCTYPE t SYSTEM "file:///etc/passwd">\n<Templates/>', "declares a document type"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_a_file_that_is_none_is_refused_with_its_place(cast: Cast, text: str, words: str) -> None:
    body = {"text": text} if text else {"text": "  \n"}
    answer = call(cast.rita, "fabrikam", "POST", "templates/import", body)
    assert words in problem(answer, 400, "invalid_import")["detail"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"id": "7"}, "Template 2 (“Fine”): member 'id' is no id."),
    ({"names": {}}, "Template 2: member 'names' needs a name"),
    ({"policy": {"grants": [{"who": "rita", "rights": ["VIEW"]}]}}, "Template 2 (“Fine”), member 'policy': 'rita'"),
    ({"policy": {"grants": [{"who": RITA, "rights": ["FLY"]}]}}, "FLY"),
    ({"scope": ["domain:contoso.example"]}, "Template 2 (“Fine”): A template is offered to people and groups"),
    ({"expiry_option": "on_date"}, "Expiry on a date needs the date."),
    ({"expires_after_days": "5", "expiry_option": "after_days"}, "member 'expires_after_days' is a whole number"),
    ({"colour": "red"}, "member 'colour' is not known"),
]


@pytest.mark.parametrize(("more", "words"), WRONG)
def test_one_wrong_template_keeps_the_whole_file_out(cast: Cast, more: dict[str, Any], words: str) -> None:
    good = valid()
    text = json.dumps({"format": "chancery-templates", "version": 1, "templates": [good, valid(**more)]})
    for body in ({"text": text}, {"text": text, "confirm": "0" * 64}):
        found = problem(call(cast.rita, "fabrikam", "POST", "templates/import", body), 400, "invalid_import")
        assert words in found["detail"]
    assert call(cast.rita, "fabrikam", "GET", f"templates/{good['id']}").status_code == 404


def test_a_template_twice_in_a_file_or_deleted_here_is_refused(cast: Cast) -> None:
    one = valid()
    text = json.dumps({"format": "chancery-templates", "version": 1, "templates": [one, one]})
    problem(call(cast.rita, "fabrikam", "POST", "templates/import", {"text": text}), 400, "invalid_import")
    template = made(cast)
    text = exported(cast, template)
    assert confirmed(cast.ada, "contoso", "DELETE", f"templates/{template}").status_code == 200
    found = problem(call(cast.ada, "contoso", "POST", "templates/import", {"text": text}), 400, "invalid_import")
    assert "among the deleted ones" in found["detail"]
    problem(call(cast.ada, "contoso", "GET", f"templates/export?id={template}"), 404, "not_found")
