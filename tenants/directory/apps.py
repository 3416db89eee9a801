"""People and what they sign in and act with: shared tables, label ``directory``."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """The directory of the whole installation."""

    name = "tenants.directory"
    label = "directory"
