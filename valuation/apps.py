from django.apps import AppConfig


class ValuationConfig(AppConfig):
    name = "valuation"

    def ready(self) -> None:
        from marketplace.services.drafts import ending  # noqa: PLC0415 - models are there only now
        from valuation.services.terms import require_possible  # noqa: PLC0415

        ending.OPENING_CHECKS.append(require_possible)
