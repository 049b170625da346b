from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"

    def ready(self) -> None:
        # Register checks and receivers.
        from marketplace import deploy_checks  # noqa: F401, PLC0415
        from marketplace.people import second_factor  # noqa: F401, PLC0415
