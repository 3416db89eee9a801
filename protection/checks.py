"""System checks of the protection package with stable ids."""

from django.conf import settings
from django.core.checks import CheckMessage, Error

from chancery.crypto.aead import KEY_SIZE


def root_key_is_usable(**_: object) -> list[CheckMessage]:
    """Refuse to start without a root key of the right size: nothing could be protected or opened."""
    if len(settings.CHANCERY_ROOT_KEY) == KEY_SIZE:
        return []
    return [
        Error(
            "CHANCERY_ROOT_KEY is missing or has the wrong size.",
            hint="Set it to 32 random bytes in base64url, or CHANCERY_ROOT_KEY_FILE to a file that holds them.",
            id="protection.E001",
        )
    ]
