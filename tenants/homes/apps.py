"""Other installations: the homes of foreign mail domains' people, and where our own people sign in; label ``homes``."""

from django.apps import AppConfig


class HomesConfig(AppConfig):
    """Which installations are known, and what organizations forbid."""

    name = "tenants.homes"
    label = "homes"
