"""The addresses of the accounting API."""

from django.urls import path, re_path

from payouts.api.v1 import views

app_name = "v1"
urlpatterns = [
    path("rounds", views.RoundList.as_view(), name="round_list"),
    path("rounds/<uuid:pk>", views.RoundDetail.as_view(), name="round_detail"),
    path("rounds/<uuid:pk>/lines", views.LineList.as_view(), name="line_list"),
    path("rounds/<uuid:pk>/lines.csv", views.LinesCsv.as_view(), name="lines_csv"),
    path("rounds/<uuid:pk>/lines.json", views.LinesJson.as_view(), name="lines_json"),
    re_path(r"^.*$", views.nothing_here, name="nothing_here"),
]
