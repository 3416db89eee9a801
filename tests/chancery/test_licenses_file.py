"""Licenses files hold what was put in, and any other bytes are refused."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import MLKEM768_X25519, P256, X25519, Kem
from chancery.errors import CannotUnseal, InvalidObject
from chancery.objects.licenses_file import MAGIC, PADDED_TO, CarriedLicense, LicensesFile, SealedLicense

ORG, PL = UUID(int=7), bytes(range(32))
KEY = EncryptionPrivateKey.generate(P256)
LICENSE = CarriedLicense("a.license.token", "a.delegation")


def made(key: EncryptionPrivateKey = KEY, license_: CarriedLicense = LICENSE) -> SealedLicense:
    return SealedLicense.make(license_, key.public, org=ORG, pl=PL)


def opened(sealed: SealedLicense, key: EncryptionPrivateKey = KEY, *, pl: bytes = PL) -> CarriedLicense:
    return sealed.open(SoftwareKeyStore([key]), key.key_id, org=ORG, pl=pl)


GOOD = LicensesFile.of({ORG: "statement"}, [made(), made(EncryptionPrivateKey.generate(X25519))]).encode()


@pytest.mark.parametrize("kem", [P256, X25519, MLKEM768_X25519], ids=lambda kem: kem.name)
def test_each_device_finds_its_own_license_and_no_other(kem: Kem) -> None:
    keys = [EncryptionPrivateKey.generate(kem) for _ in range(3)]
    file = LicensesFile.of({ORG: "statement"}, map(made, keys))
    again = LicensesFile.decode(file.encode())
    assert again == file
    for key in keys:
        (mine,) = again.licenses_for(key.key_id, PL)
        assert opened(mine, key) == LICENSE
        assert not [*again.licenses_for(key.key_id, bytes(32))]


def test_licenses_of_one_device_have_nothing_in_common_that_a_stranger_sees() -> None:
    first, second = made(), made()
    assert first.nonce != second.nonce
    assert first.tag != second.tag


def test_the_length_says_nothing_but_steps() -> None:
    short, long = made(), made(license_=CarriedLicense("a" * 900, "b"))
    assert len(short.sealed) == len(long.sealed) == PADDED_TO + P256.overhead


def test_a_license_opens_for_its_document_and_organization_only() -> None:
    with pytest.raises(CannotUnseal):
        opened(made(), pl=bytes(32))
    with pytest.raises(CannotUnseal):
        made().open(SoftwareKeyStore([KEY]), KEY.key_id, org=UUID(int=8), pl=PL)


def test_two_files_are_joined() -> None:
    first, second = (LicensesFile.of({ORG: name}, [made()]) for name in ("old", "new"))
    both = first.with_more(second)
    assert (len(both.licenses), both.statements) == (2, {ORG: "new"})
    assert both.with_more(second) == both


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for some in (data, MAGIC + data):
        try:
            assert LicensesFile.decode(some).encode() == some
        except InvalidObject:
            continue


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_what_is_found(place: int, by: int) -> None:
    data = bytearray(GOOD)
    data[place] ^= by
    try:
        found = LicensesFile.decode(bytes(data))
    except InvalidObject:
        return
    assert found != LicensesFile.decode(GOOD)
    assert found.encode() == data


@given(st.integers(0, len(GOOD) - 1))
def test_a_file_that_is_cut_off_is_refused(size: int) -> None:
    with pytest.raises(InvalidObject):
        LicensesFile.decode(GOOD[:size])
