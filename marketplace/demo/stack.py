"""The processes of a running Faircut on one machine: started together, stopped together, no orphan left."""

import contextlib
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Self

import requests

from marketplace.demo import environment
from marketplace.demo.local_services import APP_ROLE, LocalServices

START_SECONDS = 60
STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1
# Whoever changes code kills workers all the time: their blocks should not wait a minute for the next one. Django's
# server says a line about every request anyway.
DEVELOPING = {"FAIRCUT_DEBUG": "1", "FAIRCUT_BLOCK_LEASE_SECONDS": "5", "FAIRCUT_LOG_LEVEL": "WARNING"}


class StackError(Exception):
    """Something on this machine stands in the way; the sentence says what."""


def require_free_port(port: int) -> None:
    """Raise StackError where another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"Port {port} is taken by another program. Stop it, or choose another: make demo PORT={port + 1}"
            ) from error


class Stack:
    """PostgreSQL, Valkey, a Celery worker and the web server, with their logs under one folder.

    One that ``develops`` runs Django's own server, which takes up changed code and templates, and says in the terminal
    what the logs would hold. With no ``workers`` blocks wait for a worker that somebody starts by hand.
    """

    def __init__(self, folder: Path, *, port: int, workers: int = 2, develops: bool = False) -> None:
        self.folder = folder
        self.port = port
        self.workers = workers
        self.develops = develops
        self.site_url = f"http://localhost:{port}"
        self._services: LocalServices | None = None
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []

    def start(self) -> Self:
        """Start everything and wait until the site answers; whatever had started is stopped if something fails."""
        try:
            self._start_database()
            self._start_processes()
            self._wait_for_site()
            environment.write(self.folder, self.environment)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop in the reverse order; who does not go in time is killed with its whole process group."""
        environment.forget(self.folder)
        for process in reversed(self._processes.values()):
            _signal_group(process, signal.SIGTERM)
        for process in reversed(self._processes.values()):
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
        self._processes.clear()
        for log in self._logs:
            log.close()
        self._logs.clear()
        if self._services is not None:
            self._services.stop()
            self._services = None

    def check(self) -> None:
        """Raise StackError when a process has ended by itself."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise StackError(f"The {name} stopped (exit {process.returncode}). Its log: {self._log_path(name)}")

    def kill_worker(self) -> None:
        """Kill the worker's whole group at once, as a power cut would; its blocks fall free with their leases."""
        process = self._processes.pop("worker")
        _signal_group(process, signal.SIGKILL)
        process.wait()

    def start_worker(self) -> None:
        self._start(
            "worker", [*worker_command(self.folder), "--concurrency", str(self.workers), "--loglevel", "WARNING"]
        )

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the stack finds in its environment."""
        services = self._running_services()
        return {
            **(DEVELOPING if self.develops else {}),
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
            "FAIRCUT_DEMO": "1",
            "FAIRCUT_SECRET_KEY": self._secret_key(),
            "FAIRCUT_DATABASE_URL": services.database_url(role=APP_ROLE),
            "FAIRCUT_BROKER_URL": services.broker_url,
            "FAIRCUT_TRUSTED_ORIGINS": self.site_url,
            # Each mail is a file, so that the links in it can be followed.
            "FAIRCUT_EMAIL_URL": f"filemail:///{self.folder.resolve()}/mail",
            "FAIRCUT_STORAGE_DIR": str(self.folder.resolve() / "storage"),
            "FAIRCUT_STATIC_DIR": str(self.folder.resolve() / "static"),
            # One BLAS thread a process: the workers share the cores among themselves.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def manage(self, *arguments: str, as_owner: bool = False) -> None:
        """Run one management command; migrations run as the owner of the tables."""
        settings = self.environment
        if as_owner:
            settings["FAIRCUT_DATABASE_URL"] = self._running_services().database_url()
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"manage.py {arguments[0]} failed:\n{done.stderr.strip()}")

    def _start_database(self) -> None:
        require_free_port(self.port)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._services = LocalServices.start(self.folder)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise StackError(f"PostgreSQL or Valkey did not start from its wheel: {error}") from error
        self._services.ensure_database()
        self.manage("migrate", "--verbosity", "0", as_owner=True)
        self.manage("grant_app_rights", as_owner=True)
        self.manage("ensure_storage")
        self.manage("collectstatic", "--no-input", "--verbosity", "0")

    def _start_processes(self) -> None:
        if self.workers:
            self.start_worker()
        gunicorn = [
            *(sys.executable, "-m", "gunicorn", "marketplace.wsgi", "--bind", f"127.0.0.1:{self.port}"),
            *("--workers", "2", "--threads", "4", "--timeout", "120", "--preload", "--no-control-socket"),
        ]
        reloading = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{self.port}"]
        self._start("web", reloading if self.develops else gunicorn)

    def _start(self, name: str, command: list[str]) -> None:
        log = None if self.develops else self._log_path(name).open("ab")
        if log is not None:
            self._logs.append(log)
        self._processes[name] = subprocess.Popen(
            command,
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            # A group of its own: Ctrl-C reaches only this process, which then stops the others in order.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads run here
        )

    def _wait_for_site(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.check()
            # Refused while nothing listens, and timed out while gunicorn loads on a busy machine.
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                if requests.get(f"{self.site_url}/healthz", timeout=5).ok:
                    return
            if time.monotonic() > deadline:
                raise StackError(f"The site did not answer within {START_SECONDS} s. Its log: {self._log_path('web')}")
            time.sleep(0.1)

    def _running_services(self) -> LocalServices:
        if self._services is None:
            raise StackError("PostgreSQL and Valkey are not running.")
        return self._services

    def _log_path(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _secret_key(self) -> str:
        path = self.folder / "secret-key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(50))
        return path.read_text()


def worker_command(folder: Path) -> list[str]:
    """The command of a worker that asks for what was left behind as well, as beat does in production."""
    return [
        *(sys.executable, "-m", "celery", "-A", "marketplace", "worker", "--beat"),
        *("--schedule", str(folder / "beat-schedule"), "--without-gossip", "--without-mingle"),
    ]


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it went by itself
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    """Ask Linux to end this child when the demo itself is killed, so that no orphan keeps the port."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
