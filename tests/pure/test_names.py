"""Addresses, domains and hosts have one normal form, for the directory, for policies and for the client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chancery import names
from protection.errors import InvalidPolicy
from protection.licensing.policy import Principal
from tenants import naming

NORMAL = [
    ("Olga@Contoso.Example", "olga@contoso.example"),
    ("  olga@contoso.example ", "olga@contoso.example"),
    ("olga+tag@contoso.example", "olga+tag@contoso.example"),
    ("o.l.ga@contoso.example", "o.l.ga@contoso.example"),
    ("STRASSE@straße.example", "strasse@xn--strae-oqa.example"),
    ("Straße@contoso.example", "straße@contoso.example"),
    ("jo@strasse.example", "jo@strasse.example"),
    ("jo@straße.example", "jo@xn--strae-oqa.example"),
    ("jo@STRAẞE.example", "jo@xn--strae-oqa.example"),
    ("GROẞ@contoso.example", "groß@contoso.example"),
    ("gross@contoso.example", "gross@contoso.example"),
    ("u\u0308ber@contoso.example", "über@contoso.example"),
    ("J\u00dcRGEN@contoso.example", "jürgen@contoso.example"),
    ("olga@BÜCHER.example.", "olga@xn--bcher-kva.example"),
    ("olga@contoso\u3002example", "olga@contoso.example"),
    ("ΟΔΟΣ@contoso.example", "οδοσ@contoso.example"),
    ("x@1.2.3.4.example", "x@1.2.3.4.example"),
]
REFUSED = [
    "", "olga", "@contoso.example", "olga@", "olga@localhost", "ol ga@contoso.example", "a@b@contoso.example",
    "olga@con_toso.example", ".olga@contoso.example", "olga.@contoso.example", "ol..ga@contoso.example",
    "olga\u0000@contoso.example", "olga@contoso\u0000.example", '"o"@contoso.example', "o(x)@contoso.example",
    "x" * 65 + "@contoso.example", "ü" * 33 + "@contoso.example", "x@" + "y" * 64 + ".example",
    "x@" + ".".join(["y" * 60] * 5), "rita@[192.0.2.1]", "rita@192.0.2.1", "rita@[IPv6:2001:db8::1]",
    "rita@host.0x7f", "ri\u200bta@contoso.example", "rita\u200d@contoso.example", "r\u0131ta@contoso.example",
    "\u202erita@contoso.example", "rita@contoso.example\u202e", "\ufb01@contoso.example",
    "\uff52ita@contoso.example", "a\u034f@contoso.example", "a\ufe0f@contoso.example", "\u115f@contoso.example",
    "\u0301a@contoso.example", "\ud800@contoso.example", "rita\uff20contoso.example", "rita@\u2603.example",
    "rita@xn--a.example", "☃@contoso.example",
]  # fmt: skip


@pytest.mark.parametrize(("written", "normal"), NORMAL)
def test_addresses_have_one_form_everywhere(written: str, normal: str) -> None:
    assert names.address(written) == normal
    assert names.address(normal) == normal
    assert naming.address(written) == normal, "the directory follows the same rule"
    assert Principal.parse(written) == Principal.of_address(written), "and so do policies"
    assert Principal.parse(written).value == normal
    assert Principal.parse("domain:" + written.rpartition("@")[2]).value == names.domain_of(normal)


@pytest.mark.parametrize("written", REFUSED)
def test_what_the_directory_cannot_hold_no_policy_names(written: str) -> None:
    with pytest.raises(names.NameRefused):
        names.address(written)
    with pytest.raises(InvalidPolicy):
        Principal.of_address(written)


def test_one_local_part_is_not_joined_with_another() -> None:
    spellings = ("groß", "gross", "gr\u00f6ss", "o.lga", "olga", "olga+x")
    assert len({names.address(f"{local}@contoso.example") for local in spellings}) == len(spellings)


@given(st.text(max_size=80))
def test_an_address_is_refused_or_stays_as_it_is(text: str) -> None:
    for written in (text, f"{text}@contoso.example", f"x@{text}.example"):
        try:
            normal = names.address(written)
        except names.NameRefused:
            continue
        assert names.address(normal) == normal
        assert names.is_one_line(normal)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Contoso.Localhost:8000", "contoso.localhost"),
        ("localhost", "localhost"),
        ("files.contoso.example.", "files.contoso.example"),
    ],
)
def test_hosts_have_one_form(written: str, normal: str) -> None:
    assert names.host(written) == normal


@pytest.mark.parametrize("written", ["", "con toso", "con_toso.example", "a..b", "[::1]", "-x.example", "a:\u0661"])
def test_what_is_no_host_is_refused(written: str) -> None:
    with pytest.raises(names.NameRefused):
        names.host(written)


@pytest.mark.parametrize(
    "text", ["\x00", "\x1b[2J", "\x9b", "a\nb", "a\u2028b", "a\u2029b", "\u202etxt.exe", "\u2066", "\ud800"]
)
def test_texts_that_change_the_line_around_them(text: str) -> None:
    assert not names.is_one_line(text)


@pytest.mark.parametrize("text", ["", "Q3 – plan (final).pdf", "Größe", "क्\u200dष", "👩\u200d💻"])
def test_texts_of_one_line(text: str) -> None:
    assert names.is_one_line(text)
