"""Django's entry for the shared parts (templates, static files, tags)."""

from django.apps import AppConfig


class PartsConfig(AppConfig):
    """`INSTALLED_APPS += ["yinuo.faces.parts"]`."""

    name = "yinuo.faces.parts"
    label = "parts"
