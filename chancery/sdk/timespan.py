"""Differences between two times, for people."""

from chancery.texts import Text, say_count


def in_words(seconds: float) -> Text:
    """Return seconds in the unit that fits them."""
    whole = round(abs(seconds))
    if whole < 120:
        return say_count("{count} second", "{count} seconds", whole)
    if whole < 2 * 3_600:
        return say_count("{count} minute", "{count} minutes", round(whole / 60))
    if whole < 2 * 86_400:
        return say_count("{count} hour", "{count} hours", round(whole / 3_600))
    return say_count("{count} day", "{count} days", round(whole / 86_400))
