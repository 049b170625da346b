"""The demo's round under production settings: the commands and names of docker-compose.yml, gunicorn, TLS, a bucket."""

import datetime as dt
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from marketplace.demo import adult, profiles
from marketplace.demo.browser import RefusedError
from marketplace.demo.local_services import LocalServices
from marketplace.demo.story import Story
from tests.production_files import REPOSITORY, command_of, compose

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

BIN = Path(sys.executable).parent
# What an operator would write into the .env file.
SECRETS = {
    "FAIRCUT_SECRET_KEY": "tests-only-tests-only-tests-only-0123456789-abcdefghijklmnop-QRSTUVWXYZ",
    "FAIRCUT_APP_PASSWORD": "",
    "FAIRCUT_OWNER_PASSWORD": "",
    "FAIRCUT_S3_ACCESS_KEY": "production-access",
    "FAIRCUT_S3_SECRET_KEY": "production-secret",
    "FAIRCUT_ALLOWED_HOSTS": "faircut.example",
    "FAIRCUT_EMAIL_URL": "dummymail://",
    "FAIRCUT_EMAIL_FROM": "Faircut <no-reply@faircut.example>",
}
# The demo's people may not sign in here; the same people without the mark may.
SEED = """
from marketplace.demo import cast
from marketplace.models import User
request = cast.seed()
User.objects.update(is_demo=False)
print(request.pk)
"""


class Production:
    """The containers of docker-compose.yml as processes of this machine, at free ports."""

    def __init__(self, folder, processes):
        self.folder, self.processes = folder, processes
        self.services = LocalServices.start(folder)
        processes.callback(self.services.stop)
        self.services.ensure_database()
        self.web_port, self.objects_port = free_port(), free_port()
        self.site_url = f"https://localhost:{self.web_port}"
        self.secrets = SECRETS | {"FAIRCUT_TRUSTED_ORIGINS": self.site_url, "FAIRCUT_PROXY_COUNT": "0"}

    def _filled_in(self, found):
        """A word of the compose file: what is set, or else the default that it names."""
        return self.secrets[found[1]] if found["default"] is None else self.secrets.get(found[1], found["default"])

    def environment(self, name):
        """A service's environment, secrets filled in, services' names replaced by where they are here."""
        here = {
            r"^redis://valkey:6379/0$": self.services.broker_url,
            r"^http://objects:9000$": f"http://127.0.0.1:{self.objects_port}",
            r"^postgresql://faircut_app:@postgres/faircut$": self.services.database_url(role="faircut_app"),
            r"^postgresql://faircut:@postgres/faircut$": self.services.database_url(),
        }
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FAIRCUT_")}
        values = {
            key: re.sub(r"\$\{(\w+)(?::-(?P<default>[^}]*))?[^}]*\}", self._filled_in, value)
            for key, value in compose()["services"][name]["environment"].items()
        }
        for pattern, address in here.items():
            values = {key: re.sub(pattern, lambda _, to=address: to, value) for key, value in values.items()}
        static = {"FAIRCUT_STATIC_DIR": str(self.folder / "static")}  # set by the image
        return clean | static | values | {"PATH": f"{BIN}:{os.environ['PATH']}"}

    def start(self, name, *, change=lambda words: words):
        log = self.processes.enter_context((self.folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            change(command_of(compose()["services"][name])),
            env=self.environment(name),
            cwd=REPOSITORY,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.processes.callback(process.wait)
        self.processes.callback(process.terminate)

    def run(self, name, *words):
        done = subprocess.run(
            words, env=self.environment(name), cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log_lines(self, name):
        lines = (self.folder / f"{name}.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def query(self, statement):
        with psycopg.connect(self.services.database_url()) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    with ExitStack() as processes, pytest.MonkeyPatch.context() as patch:
        # PostgreSQL runs as another user when the tests run as root, and must be able to walk in.
        folder = Path(
            processes.enter_context(tempfile.TemporaryDirectory(prefix="faircut-prod-", ignore_cleanup_errors=True))
        )
        folder.chmod(0o755)
        running = Production(folder, processes)
        (folder / "objects").mkdir()
        place = {":9000": f"127.0.0.1:{running.objects_port}", "/data": str(folder / "objects")}
        running.start("objects", change=lambda words: ["rclone", *(place.get(word, word) for word in words)])
        wait_for(f"http://127.0.0.1:{running.objects_port}")
        running.run("web", "python", "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
        running.run("migrate", *command_of(compose()["services"]["migrate"]))
        certificate, key = self_signed(folder)
        patch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        bind = {"0.0.0.0:8000": f"127.0.0.1:{running.web_port}"}
        tls = ["--certfile", str(certificate), "--keyfile", str(key), "--no-control-socket"]
        running.start("web", change=lambda words: [*(bind.get(word, word) for word in words), *tls])
        running.start("worker", change=lambda words: [*words, "--concurrency", "2"])
        running.start("beat", change=lambda words: [*words, "--schedule", str(folder / "beat-schedule")])
        wait_for(f"{running.site_url}/healthz")
        yield running


@pytest.fixture(scope="module")
def paid(production):
    """The demo's story, told over HTTPS."""
    request_id = production.run("web", "python", "manage.py", "shell", "--verbosity", "0", "--command", SEED).strip()
    sellers = profiles.sample_sellers(adult.training_part(), seed=0)
    memory = production.folder / "story.json"
    story = Story(production.site_url, request_id, sellers, memory, lambda _: None)
    try:
        story.bring_data()
        # The demo asks for a tenth of this width: its cents need that, the way there does not.
        memory.write_text(json.dumps({"submitted": True, "round": story.draft_round(seed=7, precision="15")}))
        return story.play(seed=7)
    except RefusedError as error:
        broken = [line for line in production.log_lines("web") if "exception" in line]
        pytest.fail(f"{error}\n{broken[-1]['exception'] if broken else 'nothing in the log'}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address):
    deadline = time.monotonic() + 60
    while True:
        try:
            return requests.get(address, timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < deadline, f"{address} does not answer"
            time.sleep(0.1)


def self_signed(folder):
    """A certificate for localhost, as a proxy in front of the site would have a real one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - dt.timedelta(days=1), now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem", folder / "key.pem"


def test_everything_is_reachable_from_the_web_process(production):
    answer = requests.get(f"{production.site_url}/readyz", timeout=10)

    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "broker": "ok", "storage": "ok"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_the_round_is_paid_to_the_cent(production, paid):
    [[posted]] = production.query(
        """
        SELECT SUM(entry.amount_minor) FROM payouts_ledgerentry entry
        JOIN payouts_ledgertransaction moved ON moved.id = entry.transaction_id
        WHERE moved.reason = 'payment' AND entry.amount_minor > 0
        """
    )

    assert paid["round"]["state"] == "paid"
    assert posted == 1_000_000


def test_files_lie_in_the_bucket(production, paid):
    folders = {path.name for path in (production.folder / "objects" / "faircut").iterdir()}

    assert {"frozen", "originals", "validation", "versions"} <= folders


def test_one_id_leads_from_the_click_to_the_ledger(production, paid):
    [[posting]] = production.query("SELECT DISTINCT request_id FROM payouts_ledgertransaction WHERE reason = 'payout'")
    lines = [line for line in production.log_lines("web") if line.get("request_id") == posting]

    assert {line["event"] for line in lines} >= {"request_started", "request_finished"}
    assert all(line["request"].endswith("/post/") for line in lines if line["event"] == "request_started")


def test_the_trigger_s_id_reaches_the_workers(production, paid):
    [[trigger]] = production.query("SELECT request_id FROM marketplace_auditevent WHERE action = 'run.started'")

    assert any(line.get("request_id") == trigger and "run_id" in line for line in production.log_lines("worker"))


def test_the_deployment_check_passes(production, paid):
    checked = production.run("web", "python", "manage.py", "check", "--deploy", "--database", "default")

    assert "no issues" in checked
