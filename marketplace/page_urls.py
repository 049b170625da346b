"""The marketplace's pages."""

app_name = "marketplace"
urlpatterns: list = []
