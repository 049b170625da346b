"""What a load balancer is told."""

import pytest

pytestmark = pytest.mark.django_db


def test_a_process_that_reaches_everything_is_ready(client, settings, tmp_path):
    settings.STORAGES = {**settings.STORAGES, "default": folder(tmp_path)}

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "broker": "ok", "storage": "ok"}


def test_a_missing_folder_is_named_and_nothing_else_is_said(client, settings, tmp_path):
    settings.STORAGES = {**settings.STORAGES, "default": folder(tmp_path / "gone")}

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": "ok", "storage": "unreachable"}


def test_alive_asks_nothing_of_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def folder(path):
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(path)}}
