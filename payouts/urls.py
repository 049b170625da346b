"""The payouts' pages."""

from django.urls import path

from payouts.views import (
    audit,
    buyer_results,
    funding,
    home,
    keys,
    owners,
    policies,
    profile,
    results,
    rounds,
    statements,
)

app_name = "payouts"
urlpatterns = [
    path("", home.home, name="home"),
    path("rounds/", rounds.round_list, name="round_list"),
    path("rounds/new/", rounds.round_new, name="round_new"),
    path("rounds/<uuid:pk>/", rounds.round_detail, name="round_detail"),
    path("rounds/<uuid:pk>/audit/", audit.audit, name="round_audit"),
    path("rounds/<uuid:pk>/audit.pdf", audit.audit_pdf, name="round_audit_pdf"),
    path("rounds/<uuid:pk>/progress/", rounds.round_progress, name="round_progress"),
    path("rounds/<uuid:pk>/trigger/", rounds.round_trigger, name="round_trigger"),
    path("rounds/<uuid:pk>/approve/", rounds.round_approve, name="round_approve"),
    path("rounds/<uuid:pk>/post/", rounds.round_post, name="round_post"),
    path("rounds/<uuid:pk>/paid/", rounds.round_paid, name="round_paid"),
    path("rounds/<uuid:pk>/cancel/", rounds.round_cancel, name="round_cancel"),
    path("rounds/<uuid:pk>/supersede/", rounds.round_supersede, name="round_supersede"),
    path("rounds/<uuid:pk>/lines.csv", rounds.round_export, {"kind": "csv"}, name="round_csv"),
    path("rounds/<uuid:pk>/lines.json", rounds.round_export, {"kind": "json"}, name="round_json"),
    path("requests/<uuid:pk>/fund/", funding.fund, name="fund"),
    path("requests/<uuid:pk>/results/", buyer_results.request_results, name="buyer_results"),
    path("results/", results.my_results, name="my_results"),
    path("results/<uuid:pk>/", results.result, name="result"),
    path("results/<uuid:pk>/rows.csv", results.result_rows, name="result_rows"),
    path("statements/<int:pk>/", statements.statement, name="statement"),
    path("statements/<int:pk>/statement.pdf", statements.statement_pdf, name="statement_pdf"),
    path("statements/<int:pk>/statement.csv", statements.statement_csv, name="statement_csv"),
    path("organisations/<int:pk>/payout-details/", profile.profile, name="profile"),
    path("organisations/<int:pk>/payout-details/change/", profile.profile_change, name="profile_change"),
    path("rounds/<uuid:pk>/policies/", policies.round_policies, name="round_policies"),
    path("policies/", policies.policy_list, name="policy_list"),
    path("policies/<int:pk>/default/", policies.policy_default, name="policy_default"),
    path("owners/", owners.owner_list, name="owner_list"),
    path("owners/<int:pk>/", owners.owner_link, name="owner_link"),
    path("owners/<int:pk>/separate/", owners.owner_separate, name="owner_separate"),
    path("keys/", keys.key_list, name="key_list"),
    path("keys/<int:pk>/revoke/", keys.key_revoke, name="key_revoke"),
]
