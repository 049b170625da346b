"""The buyer's pages that need the engine."""

from django.urls import path

from valuation import views

app_name = "valuation"
urlpatterns = [
    path("requests/<uuid:pk>/draft/model/", views.request_model, name="request_model"),
    path("requests/<uuid:pk>/draft/parameters/", views.request_parameters, name="request_parameters"),
    path("requests/<uuid:pk>/quote/", views.quote, name="quote"),
    path("requests/<uuid:pk>/quote/progress/", views.quote_progress, name="quote_progress"),
]
