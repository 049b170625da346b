"""What the demo says before it starts where something is missing."""

import shutil
import socket
import sys
from types import SimpleNamespace

import pytest

from marketplace.demo import preflight
from marketplace.demo.stack import StackError, require_free_port


def test_this_machine_will_do():
    assert preflight.problems() == []


def test_a_wrong_python_is_named_with_the_way_to_another(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))

    (sentence,) = preflight.problems()

    assert "needs Python 3.11 to 3.13" in sentence
    assert "make demo PYTHON=python3.11" in sentence


def test_a_full_disk_is_named_with_what_is_needed(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**28))

    assert preflight.problems() == ["Only 0.2 GiB are free here; the packages and the demo need 2 GiB."]


def test_a_taken_port_is_named_with_the_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(StackError, match=f"Port {port} is taken.*make demo PORT={port + 1}"):
            require_free_port(port)
