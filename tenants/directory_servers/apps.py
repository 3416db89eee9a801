"""Directory servers of organizations and what is read of them: shared tables, label ``directory_servers``."""

from django.apps import AppConfig


class DirectoryServersConfig(AppConfig):
    """From which servers an organization's people and groups come."""

    name = "tenants.directory_servers"
    label = "directory_servers"
