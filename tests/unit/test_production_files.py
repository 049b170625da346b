"""The Dockerfile and docker-compose.yml agree with settings and code; no Docker engine is needed to see it."""

import importlib
import re
import subprocess

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from tests.production_files import REPOSITORY, command_of, compose, dockerfile

OURS = ("migrate", "web", "worker", "beat")
SERVICES = compose()["services"]


def arguments_of(instruction):
    return [arguments for name, arguments in dockerfile() if name == instruction]


def test_the_services_are_those_of_the_design():
    assert set(SERVICES) == {"postgres", "valkey", "objects", *OURS}


def test_our_services_share_one_image():
    assert {SERVICES[name]["image"] for name in OURS} == {"faircut"}
    assert {SERVICES[name]["build"] for name in OURS} == {"."}


def test_every_service_that_stays_up_has_a_health_check():
    staying = set(SERVICES) - {"migrate"}

    assert {name for name in staying if "healthcheck" in SERVICES[name]} == staying


def test_nobody_starts_before_what_it_needs():
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "valkey": {"condition": "service_healthy"},
            "objects": {"condition": "service_healthy"},
        }
    assert SERVICES["migrate"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "objects": {"condition": "service_healthy"},
    }


@pytest.mark.parametrize("name", OURS)
def test_no_secret_stands_in_the_file(name):
    """Each value is an address inside the network, a public name, or taken from outside."""
    open_values = {"FAIRCUT_S3_BUCKET", "FAIRCUT_S3_ENDPOINT_URL", "FAIRCUT_BROKER_URL"}
    for variable, value in SERVICES[name]["environment"].items():
        assert variable in open_values or value.startswith("${") or ":${" in value, variable


def test_every_name_is_one_that_the_settings_or_a_command_read():
    read = (REPOSITORY / "marketplace/settings.py").read_text()
    read += (REPOSITORY / "payouts/management/commands/grant_app_rights.py").read_text()
    for name in OURS:
        for variable in SERVICES[name]["environment"]:
            assert f'"{variable}"' in read, variable


def test_addresses_name_services_and_their_ports():
    ports = {"valkey": "6379", "objects": "9000"}
    environment = SERVICES["web"]["environment"]

    assert re.search(r"//(\w+):(\d+)", environment["FAIRCUT_BROKER_URL"]).groups() == ("valkey", ports["valkey"])
    assert re.search(r"//(\w+):(\d+)", environment["FAIRCUT_S3_ENDPOINT_URL"]).groups() == ("objects", ports["objects"])
    assert environment["FAIRCUT_DATABASE_URL"].endswith("@postgres/faircut")
    assert f":{ports['objects']}" in SERVICES["objects"]["command"]
    assert ports["objects"] in SERVICES["objects"]["healthcheck"]["test"]


def test_the_web_s_port_is_one_everywhere():
    [exposed] = arguments_of("EXPOSE")
    bound = command_of(SERVICES["web"])[command_of(SERVICES["web"]).index("--bind") + 1]

    assert bound == f"0.0.0.0:{exposed}"
    assert SERVICES["web"]["ports"] == [f"{exposed}:{exposed}"]
    assert f"localhost:{exposed}/readyz" in SERVICES["web"]["healthcheck"]["test"][-1]
    assert resolve("/readyz").url_name == "readyz"
    assert "localhost" in SERVICES["web"]["environment"]["FAIRCUT_ALLOWED_HOSTS"].split(",")


def test_web_worker_and_beat_run_what_exists():
    program, module, *_ = command_of(SERVICES["web"])
    assert (program, module) == ("gunicorn", "marketplace.wsgi")
    assert callable(importlib.import_module(module).application)
    for name in ("worker", "beat"):
        assert command_of(SERVICES[name])[:4] == ["celery", "-A", "marketplace", name]


def test_the_migrate_service_runs_commands_that_exist():
    commands = re.findall(r"python manage\.py (\w+)", SERVICES["migrate"]["command"])

    assert commands == ["migrate", "grant_app_rights", "ensure_storage"]
    assert set(commands) <= set(get_commands())


def test_every_volume_is_declared_and_used():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert used == set(compose()["volumes"])


def test_the_image_holds_every_folder_that_the_code_needs():
    copied = {arguments.split()[0] for arguments in arguments_of("COPY")}
    own_apps = {app for app in settings.INSTALLED_APPS if (REPOSITORY / app).is_dir()}

    assert copied == {"requirements.txt", "manage.py", "templates", *own_apps}


def test_the_image_runs_as_nobody_special():
    names = [name for name, _ in dockerfile()]

    assert arguments_of("USER") == ["faircut"]
    assert names.index("USER") < names.index("CMD")


def test_secrets_and_scratch_stay_out_of_image_and_repository():
    listed = (REPOSITORY / ".dockerignore").read_text().split()

    assert {".env", ".git", ".venv", ".faircut"} <= set(listed)
    assert subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=REPOSITORY, check=False).returncode == 0
