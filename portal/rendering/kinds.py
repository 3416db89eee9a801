"""Which kinds of file can be drawn as pages, told by the end of the name; what is inside is looked at by who draws."""

from enum import StrEnum
from typing import Final


class Form(StrEnum):
    """How a file is drawn."""

    PDF = "pdf"
    PICTURE = "picture"
    TEXT = "text"


_ENDINGS: Final = {
    Form.PDF: "pdf",
    Form.PICTURE: "png jpg jpeg gif webp bmp tif tiff",
    Form.TEXT: "txt log md markdown csv tsv json xml html htm svg yaml yml ini toml py js css tex sql eml",
}
OFFICE: Final = frozenset(
    ["doc", "docx", "docm", "odt", "rtf", "xls", "xlsx", "xlsm", "ods", "ppt", "pptx", "pptm", "odp"]
)
"""Endings of files of Office programs, of which LibreOffice makes PDF files where there is one."""
_FORMS: Final = {ending: form for form, endings in _ENDINGS.items() for ending in endings.split()}


def is_office(name: str) -> bool:
    """Tell whether a file of this name belongs to an Office program."""
    return name.rpartition(".")[2].casefold() in OFFICE


def form_of(name: str) -> Form | None:
    """Return how a file of this name is drawn, None where it cannot be."""
    _, dot, ending = name.rpartition(".")
    return _FORMS.get(ending.casefold()) if dot else None
