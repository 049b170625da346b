"""Every address of the site; only this module knows all three apps."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from marketplace.views import account, health

handler500 = "marketplace.views.errors.server_error"

urlpatterns = [
    path("", include("marketplace.page_urls")),
    path("", include("valuation.urls")),
    path("", include("payouts.urls")),
    path("api/v1/", include("payouts.api.v1.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("accounts/email/", account.email, name="account_email"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/", include("allauth.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
