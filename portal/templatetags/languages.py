"""What templates say in the reader's language beside ``translate``; every template has it without loading it."""

from django import template

from portal import languages

register = template.Library()


@register.filter
def translate(text: str) -> str:
    """Return a text of the packages below in the reader's language."""
    return languages.translate(text)
