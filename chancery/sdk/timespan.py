"""Differences between two times, for people."""

from chancery.texts import Text, plural_message


def in_words(seconds: float) -> Text:
    """Return seconds in the unit that fits them."""
    whole = round(abs(seconds))
    if whole < 120:
        return plural_message("{count} second", "{count} seconds", whole)
    if whole < 2 * 3_600:
        return plural_message("{count} minute", "{count} minutes", round(whole / 60))
    if whole < 2 * 86_400:
        return plural_message("{count} hour", "{count} hours", round(whole / 3_600))
    return plural_message("{count} day", "{count} days", round(whole / 86_400))
