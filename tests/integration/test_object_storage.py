"""Files in an S3-like bucket, over HTTP to a real server: what is stored is read again, nothing is overwritten."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

RCLONE = Path(sys.executable).parent / "rclone"  # its wheel brings the program
ACCESS, SECRET = "tests-access", "tests-secret"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    folder = tmp_path_factory.mktemp("objects")
    process = subprocess.Popen(
        [str(RCLONE), "serve", "s3", "--addr", address, str(folder)],
        env=os.environ | {"RCLONE_AUTH_KEY": f'"{ACCESS},{SECRET}"', "RCLONE_CONFIG": str(folder.parent / "none")},
        stderr=subprocess.DEVNULL,
    )
    for _ in range(100):
        try:
            requests.get(f"http://{address}", timeout=1)
            break
        except requests.ConnectionError:
            time.sleep(0.05)
    yield f"http://{address}", folder
    process.terminate()
    process.wait()


@pytest.fixture
def bucket(server, settings):
    address, folder = server
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": "files",
                "endpoint_url": address,
                "access_key": ACCESS,
                "secret_key": SECRET,
                "region_name": "us-east-1",
                "addressing_style": "path",
                "file_overwrite": False,
            },
        },
    }
    call_command("ensure_storage")
    return Path(folder, "files")


def test_the_bucket_is_made_once(bucket):
    call_command("ensure_storage")

    assert bucket.is_dir()


def test_what_is_stored_is_what_is_read(bucket):
    name = default_storage.save("versions/rows.parquet", ContentFile(b"\x00rows\xff" * 100_000))

    with default_storage.open(name) as stream:
        assert stream.read() == b"\x00rows\xff" * 100_000
    assert default_storage.size(name) == 600_000
    assert (bucket / name).is_file()


def test_a_second_file_of_a_name_leaves_the_first_alone(bucket):
    first = default_storage.save("originals/extract.csv", ContentFile(b"one"))
    second = default_storage.save("originals/extract.csv", ContentFile(b"two"))

    assert first != second
    with default_storage.open(first) as stream:
        assert stream.read() == b"one"


@pytest.mark.django_db
def test_ready_with_a_bucket(bucket, client):
    assert client.get("/readyz").json() == {"database": "ok", "broker": "ok", "storage": "ok"}
