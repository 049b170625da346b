"""The payouts' pages."""

app_name = "payouts"
urlpatterns: list = []
