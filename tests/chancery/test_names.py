"""One rule for names: at sealing, at opening and on a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chancery.cli.language import translate
from chancery.cli.output import visible
from chancery.errors import InvalidFile
from chancery.names import NameRefused, free_text
from chancery.sealing.file_names import HIDDEN, MAX_BYTES, harmless, is_possible, sealable
from chancery.sealing.metadata import Metadata
from chancery.texts import message

HIDDEN_ONES = [
    "\x00",
    "\t",
    "\n",
    "\x1b",
    "\x7f",
    "\x85",
    "\x9b",
    "\u200b",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2066",
    "\ufeff",
]


@pytest.mark.parametrize("character", HIDDEN_ONES)
def test_a_name_with_a_hidden_character_is_none(character: str) -> None:
    name = f"plan{character}.txt"
    assert not is_possible(name)
    with pytest.raises(InvalidFile):
        Metadata(name=name, size=1).encode()
    assert is_possible(sealable(name))
    assert character not in translate(message("It is {name}.", name=name))
    assert character not in translate(f"It is {name}.") or character == "\n"
    assert character not in visible(f'"{name}"'.replace("\x00", "")) or character == "\x00"


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("plan.pdf", "plan.pdf"),
        ("Größe 日本 🎉.pdf", "Größe 日本 🎉.pdf"),
        ("-rf", "_-rf"),
        (".bashrc", "_.bashrc"),
        ("~", "_~"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Lpt1 .txt", "_Lpt1 .txt"),
        ("console.txt", "console.txt"),
        ("a:b?.txt", "a_b_.txt"),
        ("plan. ", "plan._"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("ü" * 200 + ".pdf", "ü" * 125 + ".pdf"),
    ],
)
def test_what_some_system_takes_for_something_else_is_made_harmless(name: str, becomes: str) -> None:
    assert harmless(name) == becomes


@given(st.text(max_size=400))
def test_every_name_of_a_disk_can_be_sealed_and_stays_as_it_was_sealed(text: str) -> None:
    name = sealable(text)
    assert is_possible(name)
    assert harmless(name) == name
    assert len(name.encode()) <= MAX_BYTES
    assert not HIDDEN.search(name)


def test_what_is_put_into_a_sentence_cannot_look_like_a_line_of_its_own() -> None:
    line = translate(message("{file} is intact.", file="a\nb is intact, sealed by you"))
    assert line == "a\\x0ab is intact, sealed by you is intact."


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("first\r\nsecond\rthird\n", "first\nsecond\nthird"),
        ("a\tb", "a\tb"),
        ("  שלום\u200f!  ", "שלום\u200f!"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("", ""),
    ],
)
def test_a_free_text_has_lines(typed: str, kept: str) -> None:
    assert free_text(typed) == kept


HIDDEN_IN_TEXTS = [*"\0\x07\x08\x0b\x0c\x1b\x7f\x85\x9b\u2028\u2029\u202a\u202e\u2066\u2069", "\ud800"]


@pytest.mark.parametrize("hidden", HIDDEN_IN_TEXTS, ids=ascii)
def test_a_free_text_holds_nothing_that_a_terminal_or_a_page_acts_on(hidden: str) -> None:
    with pytest.raises(NameRefused):
        free_text(f"a{hidden}b")


def test_a_free_text_ends_somewhere() -> None:
    assert free_text("x" * 500 + "\n") == "x" * 500
    with pytest.raises(NameRefused):
        free_text("x" * 501)
