"""Commands beside a running demo take its settings, and nobody else's."""

import os
import stat

from marketplace.demo import environment

SETTINGS = {"FAIRCUT_SECRET_KEY": "demo", "FAIRCUT_DEMO": "1"}


def test_a_command_beside_a_running_demo_takes_its_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {"PATH": "/bin"})

    environment.write(tmp_path, {**SETTINGS, "PATH": "/usr/bin"})

    assert environment.adopt(tmp_path)
    assert os.environ == {"PATH": "/bin", **SETTINGS}
    assert stat.S_IMODE((tmp_path / environment.FILE).stat().st_mode) == 0o600


def test_settings_that_are_there_come_first(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {"FAIRCUT_SECRET_KEY": "own"})
    environment.write(tmp_path, SETTINGS)

    assert not environment.adopt(tmp_path)
    assert os.environ == {"FAIRCUT_SECRET_KEY": "own"}


def test_a_demo_that_has_stopped_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {})
    environment.write(tmp_path, SETTINGS)
    environment.forget(tmp_path)
    environment.forget(tmp_path)

    assert not environment.adopt(tmp_path)
