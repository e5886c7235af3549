"""Django's name for the packs."""

from django.apps import AppConfig


class PacksConfig(AppConfig):
    """事项与日历的各个版本: what the city promised, as loaded from its pack."""

    name = "yinuo.packs"
    label = "packs"
    verbose_name = "城市包"
