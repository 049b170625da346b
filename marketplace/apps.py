from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"

    def ready(self) -> None:
        from marketplace.shared import deploy_checks  # noqa: F401, PLC0415 - registers the checks
