"""Texts that are translated after they were made."""

import copy
import gettext
import json
import pickle

from chancery.objects import strict_json
from chancery.texts import joined, message, plural_message, translated


class German(gettext.NullTranslations):
    """A catalog of four messages."""

    TEXTS = {
        "“{name}” is no right.": "„{name}“ ist kein Recht.",
        "read": "lesen",
        "print": "drucken",
        "They may {rights}.": "Erlaubt: {rights}.",
    }

    def gettext(self, message: str) -> str:
        return self.TEXTS.get(message, message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return "Ein Tag" if number == 1 else "{count} Tage"


def test_a_text_is_english_unless_a_language_is_asked_for() -> None:
    text = message("“{name}” is no right.", name="FLY")
    assert text == "“FLY” is no right."
    assert json.loads(json.dumps({"detail": text})) == {"detail": "“FLY” is no right."}


def test_a_text_is_written_in_english_into_a_signed_object() -> None:
    text = message("“{name}” is no right.", name="FLY")
    assert strict_json.decode(strict_json.encode({"detail": text})) == {"detail": "“FLY” is no right."}


def test_a_text_is_translated_with_its_values() -> None:
    assert translated(message("“{name}” is no right.", name="FLY"), German()) == "„FLY“ ist kein Recht."


def test_texts_in_texts_are_translated_too() -> None:
    rights = joined([message("read"), message("print")])
    assert rights == "read, print"
    assert translated(message("They may {rights}.", rights=rights), German()) == "Erlaubt: lesen, drucken."


def test_numbers_choose_the_form() -> None:
    one, five = (plural_message("{count} day", "{count} days", number) for number in (1, 5))
    assert (one, five) == ("1 day", "5 days")
    assert [translated(text, German()) for text in (one, five)] == ["Ein Tag", "5 Tage"]


def test_what_somebody_typed_is_never_taken_for_a_message() -> None:
    assert translated(message("“{name}” is no right.", name="{name} read"), German()) == "„{name} read“ ist kein Recht."
    assert translated("read", German()) == "read"


def test_an_empty_list_is_empty_in_every_language() -> None:
    assert translated(joined([]), German()) == ""


def test_a_copied_text_can_still_be_translated() -> None:
    text = message("“{name}” is no right.", name="FLY")
    for copied in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert translated(copied, German()) == "„FLY“ ist kein Recht."
