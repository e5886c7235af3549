"""Django's entry for the office (templates, static files, tags)."""

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """`INSTALLED_APPS += ["yinuo.faces.office"]`."""

    name = "yinuo.faces.office"
    label = "office"
