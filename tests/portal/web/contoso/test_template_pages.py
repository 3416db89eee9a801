"""What an administrator does with templates in a browser, without scripts: make, limit, delete, carry elsewhere."""

import json
from pathlib import Path

from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor


def card(visitor: Visitor, name: str) -> str:
    """Return what the list says of a template."""
    return visitor.page.locator("tbody tr", has_text=name).inner_text()


def test_read_only_for_all_employees_from_the_example(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/")
    ada.click("New template")
    ada.click("Read-only for all employees")
    ada.click("Save")
    ada.page.wait_for_url(f"{contoso}/templates/")
    said = card(ada, "Read-only, all employees")
    assert "All of Contoso" in said
    assert "read, reply" in said
    assert "Published" in said


def test_executives_only_with_a_group_that_is_made_on_the_way(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/new/")
    ada.fill(name="Executives only")
    ada.click("Make a group")
    ada.fill(address="executives@contoso.example", name="Executives", members="ada@contoso.example")
    ada.follow(ada.page.locator("main button", has_text="Save"))
    assert ada.page.locator("[name=name]").input_value() == "Executives only", "what was written is still there"
    assert ada.page.locator("[name=add_who]").input_value() == "executives@contoso.example"
    ada.click("Add to the list")
    assert ada.page.locator("[name=grants]").input_value() == "executives@contoso.example: viewer"
    days = ada.page.locator("[name=expires_after_days]")
    assert not days.is_visible(), "only the chosen end asks for its value"
    ada.page.locator("[name=expiry_option][value=after_days]").check()
    days.fill("30")
    assert not ada.page.locator("[name=expires]").is_visible()
    ada.page.locator("[name=offline_rule][value=never]").check()
    ada.follow(ada.page.locator("main .row button", has_text="Save"))
    ada.page.wait_for_url(f"{contoso}/templates/")
    said = card(ada, "Executives only")
    assert "executives@contoso.example" in said
    assert "30 days after protection" in said
    assert "Never" in said
    assert "All of Contoso" not in said


def test_a_chosen_person_counts_without_being_added(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/new/")
    ada.fill(name="Chosen only")
    ada.page.locator("[name=add_who]").select_option("everybody")
    ada.page.locator("[name=add_level]").select_option("reviewer")
    ada.follow(ada.page.locator("main .row button", has_text="Save"))
    assert "read, edit, reply, forward" in card(ada, "Chosen only")


def test_a_value_of_a_rule_that_was_left_does_not_count(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/")
    ada.follow(ada.page.locator("tbody tr", has_text="Executives only").get_by_role("link", name="Edit"))
    ada.page.locator("[name=expiry_option][value=never]").check()
    ada.follow(ada.page.locator("main .row button", has_text="Save"))
    ada.page.wait_for_url(f"{contoso}/templates/")
    assert "30 days" not in card(ada, "Executives only")


def test_an_edit_in_the_browser_keeps_the_scope(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/")
    ada.follow(ada.page.locator("tbody tr", has_text="Executives only").get_by_role("link", name="Edit"))
    ada.click("Who is offered this template")
    ada.fill(scope="executives@contoso.example")
    ada.page.locator("[name=offered_to_legacy]").check()
    ada.follow(ada.page.locator("main .row button", has_text="Save"))
    marked = "executives@contoso.example, and in programs to everybody"
    assert marked in card(ada, "Executives only")
    ada.follow(ada.page.locator("tbody tr", has_text="Executives only").get_by_role("link", name="Edit"))
    ada.page.locator("input[name=description]").fill("For the board")
    ada.follow(ada.page.locator("main .row button", has_text="Save"))
    assert marked in card(ada, "Executives only")
    ada.follow(ada.page.locator("tbody tr", has_text="Executives only").get_by_role("link", name="History"))
    assert "Offered to executives@contoso.example (before: everybody)." in ada.text


def test_deleting_warns_and_can_be_undone(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/")
    chosen = ada.page.locator("tbody tr", has_text="Chosen only")
    assert chosen.get_by_role("link", name="Delete").count() == 0, "a published one is archived first"
    ada.follow(chosen.get_by_role("button", name="Archive"))
    assert ada.heading == "Archive the template “Chosen only”?"
    ada.click("Archive it")
    ada.follow(ada.page.locator("tbody tr", has_text="Chosen only").get_by_role("link", name="Delete"))
    assert "0 documents are protected by it." in ada.text
    ada.page.get_by_label("Type Chosen only to confirm").fill("chosen only")
    ada.follow(ada.page.locator("main button.danger"))
    assert ada.page.locator("tbody tr", has_text="Chosen only").count() == 0
    ada.click("Deleted templates")
    deleted = ada.page.locator("tbody tr", has_text="Chosen only")
    assert deleted.locator(".number").inner_text() == "0"
    ada.follow(deleted.get_by_role("button", name="Bring it back"))
    assert "Archived" in card(ada, "Chosen only")


def test_templates_go_to_another_organization_and_are_looked_at_first(
    installation: Installation, ada: Visitor, contoso: str
) -> None:
    ada.go(f"{contoso}/templates/")
    with ada.page.expect_download() as download:
        ada.click("Export all")
    file = Path(installation.folder / "templates.json")
    download.value.save_as(file)
    assert download.value.suggested_filename == "templates-contoso.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    number = len(document["templates"])
    rita, fabrikam = installation.rita, installation.origin("fabrikam")
    upload(rita, fabrikam, file)
    assert f"New ({number})" in rita.text
    assert "it will mean everybody in Fabrikam" in rita.text
    rita.follow(rita.page.locator("main button", has_text="Import"))
    assert f"Imported: {number} new, 0 changed." in rita.page.locator("body").inner_text()
    assert "All of Fabrikam" in card(rita, "Read-only, all employees")
    named = next(one for one in document["templates"] if one["names"]["en"] == "Read-only, all employees")
    named["policy"]["offline_days"] = 0
    file.write_text(json.dumps(document), encoding="utf-8")
    upload(rita, fabrikam, file)
    assert "Changed (1)" in rita.text
    assert "Opens without a network: never" in rita.text
    assert f"As they are ({number - 1})" in rita.text
    file.write_text('{"format":\n oops', encoding="utf-8")
    upload(rita, fabrikam, file)
    assert "Line 2, column 2: this is not JSON" in rita.text


def upload(visitor: Visitor, origin: str, file: Path) -> None:
    visitor.go(f"{origin}/templates/import/")
    visitor.page.locator("[name=file]").set_input_files(file)
    visitor.click("Look at it")


def test_the_pages_are_well_made(installation: Installation, ada: Visitor, contoso: str) -> None:
    seeing = installation.visitor()
    seeing.arrive("ada@contoso.example")
    seeing.go(f"{contoso}/templates/")
    archived = seeing.page.locator("tbody tr", has_text="Chosen only")
    delete = archived.get_by_role("link", name="Delete").get_attribute("href")
    paths = [
        "/templates/",
        "/templates/new/",
        "/templates/new/?start=strict",
        "/templates/deleted/",
        "/templates/import/",
    ]
    assert [fault for path in [*paths, delete] for fault in faults(seeing, f"{contoso}{path}")] == []
    assert seeing.complaints == []
