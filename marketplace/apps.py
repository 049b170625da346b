from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"

    def ready(self) -> None:
        from marketplace.people import second_factor  # noqa: F401, PLC0415 - register checks and receivers
