"""The marketplace's pages."""

from django.urls import path

from marketplace.views import (
    copies,
    datasets,
    draft_columns,
    draft_validation,
    drafts,
    invitations,
    organizations,
    requests,
    uploads,
)

app_name = "marketplace"
urlpatterns = [
    path("requests/", requests.request_list, name="request_list"),
    path("requests/new/", drafts.request_new, name="request_new"),
    path("requests/<uuid:pk>/draft/words/", drafts.draft_words, name="draft_words"),
    path("requests/<uuid:pk>/draft/columns/", draft_columns.draft_columns, name="draft_columns"),
    path("requests/<uuid:pk>/draft/columns/new/", draft_columns.draft_column, name="draft_column_new"),
    path("requests/<uuid:pk>/draft/columns/<int:place>/", draft_columns.draft_column, name="draft_column"),
    path(
        "requests/<uuid:pk>/draft/columns/<int:place>/remove/",
        draft_columns.draft_column_remove,
        name="draft_column_remove",
    ),
    path("requests/<uuid:pk>/draft/target/", drafts.draft_target, name="draft_target"),
    path("requests/<uuid:pk>/draft/validation/", draft_validation.draft_validation, name="draft_validation"),
    path("requests/<uuid:pk>/draft/budget/", drafts.draft_budget, name="draft_budget"),
    path("requests/<uuid:pk>/draft/review/", drafts.draft_review, name="draft_review"),
    path("requests/<uuid:pk>/draft/delete/", drafts.draft_discard, name="draft_discard"),
    path("requests/<uuid:pk>/open/", drafts.request_open, name="request_open"),
    path("requests/<uuid:pk>/close/", drafts.request_close, name="request_close"),
    path("requests/<uuid:pk>/", requests.request_detail, name="request_detail"),
    path("requests/<uuid:pk>/template.csv", requests.request_template, name="request_template"),
    path("requests/<uuid:pk>/upload/", uploads.upload, name="upload"),
    path("uploads/<uuid:pk>/", uploads.upload_draft, name="upload_draft"),
    path("uploads/<uuid:pk>/reading/", uploads.upload_reading, name="upload_reading"),
    path("uploads/<uuid:pk>/columns/", uploads.upload_columns, name="upload_columns"),
    path("uploads/<uuid:pk>/check/", uploads.upload_check, name="upload_check"),
    path("uploads/<uuid:pk>/relax/", uploads.upload_relax, name="upload_relax"),
    path("uploads/<uuid:pk>/submit/", uploads.upload_submit, name="upload_submit"),
    path("uploads/<uuid:pk>/discard/", uploads.upload_discard, name="upload_discard"),
    path("copies/", copies.finding_list, name="copy_list"),
    path("copies/<uuid:pk>/", copies.finding_detail, name="copy_detail"),
    path("copies/<uuid:pk>/decide/", copies.finding_decide, name="copy_decide"),
    path("datasets/<uuid:pk>/", datasets.version_detail, name="version_detail"),
    path("datasets/<uuid:pk>/submit/", datasets.version_submit, name="version_submit"),
    path("datasets/<uuid:pk>/withdraw/", datasets.version_withdraw, name="version_withdraw"),
    path("organisations/", organizations.organization_list, name="organization_list"),
    path("organisations/new/", organizations.organization_new, name="organization_new"),
    path("organisations/<int:pk>/", organizations.organization, name="organization"),
    path("organisations/<int:pk>/invite/", organizations.organization_invite, name="organization_invite"),
    path(
        "organisations/<int:pk>/invitations/<uuid:invitation_pk>/withdraw/",
        organizations.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path("organisations/<int:pk>/members/<int:user_pk>/remove/", organizations.member_remove, name="member_remove"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
]
