"""The client of directory servers, against OpenLDAP and against servers that misbehave."""

import contextlib
import random
import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import sansldap

from portal.ldap.connection import Connection, Search, Target, connected, filter_of
from portal.ldap.entries import Entry
from portal.ldap.errors import ServerFailed
from portal.ldap.framing import Stream
from portal.ldap.names import name_key
from portal.ldap.networks import address_of, networks_of
from tests.directory_server.certificates import DAY, NOW, Authority, Signed
from tests.directory_server.hostile import behaving
from tests.directory_server.running import (
    BASE,
    PASSWORD,
    READER,
    DirectoryServer,
    group,
    person,
    person_name,
    running,
)

ALLOWED = networks_of("127.0.0.0/8, ::1/128")
PEOPLE = 1_234
LARGE = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectoryServer]:
    people = [person(f"p{number}") for number in range(PEOPLE)]
    odd = [
        person("zoë", displayName="Zoë Müller"),
        f"dn: cn=Lovelace\\, Ada\\+Co,ou=people,{BASE}\nobjectClass: inetOrgPerson\ncn: Lovelace, Ada+Co\nsn: Lovelace",
        person("large", description="x" * LARGE),
    ]
    folder = tmp_path_factory.mktemp("slapd")
    with running(folder, [*people, *odd, group("all", *map(person_name, ("p1", "p2")))]) as found:
        yield found


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return Authority().sign(tmp_path_factory.mktemp("tls"))


def failing(target: Target, *, name: str = READER, password: str = PASSWORD, seconds: float = 10) -> ServerFailed:
    with (
        pytest.raises(ServerFailed) as caught,
        connected(target, ALLOWED, seconds=seconds) as connection,
    ):
        connection.bind(name, password)
    return caught.value


@pytest.mark.parametrize("way", ["target", "starttls"])
def test_reads_page_by_page_over_an_encrypted_connection(server: DirectoryServer, way: str) -> None:
    with connected(getattr(server, way), ALLOWED, seconds=60) as connection:
        connection.bind(READER, PASSWORD)
        assert BASE in connection.root().texts("namingContexts")
        search = Search(BASE, "(uid=p*)", ["uid", "entryUUID"])
        pages = list(connection.pages(search, size=500))
        assert [len(page) for page in pages] == [500, 500, 234]
        assert len({one.identity("entryUUID") for page in pages for one in page}) == PEOPLE


def test_names_letters_and_large_values_come_as_they_are(server: DirectoryServer) -> None:
    with connected(server.target, ALLOWED, seconds=60) as connection:
        connection.bind(READER, PASSWORD)

        def one(filter_text: str) -> list[Entry]:
            search = Search(BASE, filter_text, ["displayName", "description", "cn"])
            return [entry for page in connection.pages(search) for entry in page]

        assert one("(uid=zo\\c3\\ab)")[0].text("DISPLAYNAME") == "Zoë Müller"
        (comma,) = one("(cn=Lovelace, Ada+Co)")
        assert name_key(comma.name) == name_key(f'CN="Lovelace, Ada+Co", OU=People,{BASE.upper()}')
        assert len(one("(uid=large)")[0].text("description")) == LARGE
        with pytest.raises(ServerFailed, match="is not there"):
            list(connection.pages(Search(f"ou=nothing,{BASE}", "(uid=*)", ["uid"])))


def test_only_part_of_what_is_there_is_no_answer(tmp_path: Path) -> None:
    with (
        running(tmp_path, [person(f"p{number}") for number in range(5)], most="3") as server,
        connected(server.target, ALLOWED, seconds=60) as connection,
    ):
        connection.bind(READER, PASSWORD)
        with pytest.raises(ServerFailed, match="only a part"):
            list(connection.pages(Search(BASE, "(uid=*)", ["uid"])))


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        (READER, "wrong", "credentials"),
        (f"cn=nobody,{BASE}", PASSWORD, "credentials"),
        ("no name", PASSWORD, "credentials"),
        (READER, "", "credentials"),
        ("", PASSWORD, "credentials"),
    ],
)
def test_who_is_not_let_in_is_told(server: DirectoryServer, name: str, password: str, reason: str) -> None:
    assert failing(server.target, name=name, password=password).reason == reason


def test_the_password_crosses_no_connection_whose_certificate_is_not_trusted(
    server: DirectoryServer, tmp_path: Path
) -> None:
    other = replace(server.target, authority=Authority("Another").pem)
    assert failing(other).reason == "certificate"
    assert failing(replace(server.target, authority="")).reason == "certificate"
    assert failing(replace(server.starttls, authority="")).reason == "certificate"
    for folder, host, until, words in (
        ("old", "localhost", NOW - DAY, "expired"),
        ("named", "other.example", NOW + DAY, "localhost"),
    ):
        wrong = Authority().sign(tmp_path / folder, host=host, until=until)
        with behaving(wrong, lambda _secure: None) as target:
            found = failing(target)
            assert found.reason == "certificate"
            assert words in str(found)


def test_what_is_no_encrypted_server_is_told(server: DirectoryServer) -> None:
    assert failing(replace(server.target, port=server.port)).reason in {"certificate", "unreachable"}
    assert failing(replace(server.starttls, port=server.secure_port)).reason in {"protocol", "unreachable"}
    assert failing(replace(server.target, port=9)).reason == "unreachable"
    assert failing(replace(server.target, host="nowhere.invalid")).reason == "unreachable"
    assert failing(replace(server.target, authority="no certificate")).reason == "settings"


def test_a_server_that_misbehaves_is_left(signed: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    def says(data: bytes) -> ServerFailed:
        def answer(secure: socket.socket) -> None:
            secure.recv(1000)
            secure.sendall(data)

        with behaving(signed, answer) as target:
            return failing(target)

    assert says(b"HTTP/1.1 400 Bad Request\r\n\r\n").reason == "protocol"
    assert says(b"\x30\x84\xff\xff\xff\xff").reason == "protocol"
    assert says(b"\x30\x80\x00\x00").reason == "protocol"
    assert says(b"\x30\x0c\x02\x01\x01").reason == "unreachable"
    assert says(b"").reason == "unreachable"
    monkeypatch.setattr("portal.ldap.connection.ANSWER_SECONDS", 0.2)

    def silent(secure: socket.socket) -> None:
        while secure.recv(1000):
            pass

    with behaving(signed, silent) as target:
        assert failing(target).reason == "timeout"


def test_a_server_that_sends_slowly_is_left_when_time_is_over(signed: Signed) -> None:
    def drip(secure: socket.socket) -> None:
        secure.recv(1000)
        secure.sendall(b"\x30\x82\x10\x00")
        while True:
            secure.sendall(b"\x00")

    with behaving(signed, drip) as target:
        assert failing(target, seconds=0.5).reason in {"timeout", "protocol"}


def test_no_bytes_of_a_server_raise_anything_but_a_failure() -> None:
    """Whatever a hostile server sends, the run fails and the worker goes on."""
    dice = random.Random(4511)
    speaking, asking = sansldap.LDAPServer(), sansldap.LDAPClient()
    asking.bind_simple("cn=a", "b")
    speaking.receive(asking.data_to_send())
    speaking.bind_response(1)
    asking.receive(speaking.data_to_send())
    asking.search_request("dc=a", attributes=["mail"], controls=[sansldap.PagedResultControl(True, 5, b"")])
    speaking.receive(asking.data_to_send())
    speaking.search_result_entry(2, "uid=a", [sansldap.PartialAttribute("mail", [b"a@b"])])
    speaking.search_result_done(2, controls=[sansldap.PagedResultControl(True, 5, b"on")])
    good = speaking.data_to_send()
    for _round in range(3_000):
        bad = bytearray(good)
        for _change in range(dice.randrange(1, 6)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        here, there = socket.socketpair()
        with here, there:
            there.sendall(bytes(bad))
            there.shutdown(socket.SHUT_WR)
            client = sansldap.LDAPClient()
            connection = Connection(client, Stream(here, "host", float("inf")))
            client.bind_simple("cn=a", "b")
            client.data_to_send()
            client.state = sansldap.SessionState.OPENED
            client._outstanding_requests.discard(1)
            with contextlib.suppress(ServerFailed):
                list(connection.pages(Search("dc=a", "(mail=*)", ["mail"])))


@pytest.mark.parametrize("text", ["(a=b", "(&(a=b)", "a=b)", "((x))", "(a=*\\zz)", "", "(" * 5_000])
def test_a_filter_with_a_mistake_is_told_with_its_place(text: str) -> None:
    with pytest.raises(ServerFailed) as caught:
        filter_of(text)
    assert caught.value.reason == "settings"
    assert "RFC 4515" in caught.value.next_step


def test_only_networks_that_the_operator_named_are_asked() -> None:
    assert address_of("127.0.0.1", 636, ALLOWED) == "127.0.0.1"
    for host in ("10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "0.0.0.0"):
        with pytest.raises(ServerFailed, match="no network"):
            address_of(host, 636, ALLOWED)
    assert address_of("::ffff:10.0.0.1", 636, (ip_network("10.0.0.0/8"),))
    with pytest.raises(ServerFailed, match="no network"):
        address_of("127.0.0.1", 636, ())


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("CN=Ada,DC=Contoso,DC=Example", "cn=ada, dc=contoso,dc=example", True),
        ("cn=a\\,b,dc=c", "cn=a\\2Cb,dc=c", True),
        ("cn=a\\,b,dc=c", "cn=a,b,dc=c", False),
        ("cn=Zo\\c3\\ab,dc=c", "cn=ZOË,dc=c", True),
        ("cn=a+sn=b,dc=c", "SN=b+CN=a,dc=c", True),
        ("cn=a\\+sn=b,dc=c", "cn=a+sn=b,dc=c", False),
        ("cn=a  b,dc=c", "cn=a b,dc=c", True),
        ('cn="a,b",dc=c', "cn=a\\,b,dc=c", True),
        ("cn=a=b,dc=c", "cn=a\\=b,dc=c", True),
    ],
)
def test_two_spellings_of_a_name(left: str, right: str, same: bool) -> None:
    assert (name_key(left) == name_key(right)) is same
