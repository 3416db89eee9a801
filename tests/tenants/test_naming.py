"""Names: two spellings of one thing are one thing, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import naming


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Olga@Contoso.Example", "olga@contoso.example"),
        ("  olga@contoso.example ", "olga@contoso.example"),
        ("olga+tag@contoso.example", "olga+tag@contoso.example"),
        ("o.l.ga@contoso.example", "o.l.ga@contoso.example"),
        ("STRASSE@straße.example", "strasse@xn--strae-oqa.example"),
        ("Straße@contoso.example", "strasse@contoso.example"),
        ("u\u0308ber@contoso.example", "über@contoso.example"),
        ("olga@BÜCHER.example.", "olga@xn--bcher-kva.example"),
    ],
)
def test_addresses_have_one_form(written: str, normal: str) -> None:
    assert naming.address(written) == normal
    assert naming.address(normal) == normal


@pytest.mark.parametrize(
    "written",
    ["", "olga", "@contoso.example", "olga@", "olga@localhost", "ol ga@contoso.example", "a@b@contoso.example",
     "olga@con_toso.example", ".olga@contoso.example", "olga\u0000@contoso.example", '"o"@contoso.example',
     "x" * 250 + "@contoso.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(naming.NameRefused):
        naming.address(written)


@given(st.text(max_size=80))
def test_an_address_is_refused_or_stays_as_it_is(text: str) -> None:
    try:
        normal = naming.address(text)
    except naming.NameRefused:
        return
    assert naming.address(normal) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Contoso.Localhost:8000", "contoso.localhost"),
        ("localhost", "localhost"),
        ("files.contoso.example.", "files.contoso.example"),
    ],
)
def test_hosts_have_one_form(written: str, normal: str) -> None:
    assert naming.host(written) == normal


@pytest.mark.parametrize("written", ["", "con toso", "con_toso.example", "a..b", "[::1]", "-x.example"])
def test_what_is_no_host_is_refused(written: str) -> None:
    with pytest.raises(naming.NameRefused):
        naming.host(written)


def test_schema_names_are_generated() -> None:
    assert naming.new_schema_name(lambda size: b"\0" * size) == "org_aaaaaaaaaaaaaaaa"
    name = naming.new_schema_name()
    assert naming.is_schema_name(name)
    assert not naming.is_schema_name("org_contoso")
    assert not naming.is_schema_name(f"{name}; drop schema public")
    assert not naming.is_schema_name(f"{name}\n")


@pytest.mark.parametrize("written", ["admin", "ab", "-abc", "abc-", "a--b", "über", "1abc", "a" * 41, "a.b"])
def test_bad_short_names_are_refused(written: str) -> None:
    with pytest.raises(naming.NameRefused):
        naming.slug(written)


@pytest.mark.parametrize("written", ["contoso", "Contoso", "a-b-c", "abc", "a1b2"])
def test_good_short_names(written: str) -> None:
    assert naming.slug(written) == written.lower()
