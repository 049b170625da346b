"""`.env.sample` lists every setting that Faircut reads, and none that it does not."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# The demo's own switches: the sample says that they must stay unset.
NOT_FOR_PRODUCTION = {"FAIRCUT_DEMO", "FAIRCUT_DEBUG"}


def names_read_by_settings():
    """Names that `env.*(...)` and `required(...)` look up, and what `grant_app_rights` takes from the environment."""
    sources = ("marketplace/settings.py", "payouts/management/commands/grant_app_rights.py")
    calls = [
        node
        for source in sources
        for node in ast.walk(ast.parse((REPOSITORY / source).read_text()))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    ]
    return {call.args[0].value for call in calls if re.fullmatch(r"FAIRCUT_[A-Z_]+", str(call.args[0].value))}


def names_in_compose():
    return set(re.findall(r"\bFAIRCUT_[A-Z_]+\b", (REPOSITORY / "docker-compose.yml").read_text()))


def names_in_sample():
    return re.findall(r"^(FAIRCUT_[A-Z_]+)=", (REPOSITORY / ".env.sample").read_text(), flags=re.MULTILINE)


def test_the_sample_lists_each_setting_once():
    listed = names_in_sample()

    assert sorted(listed) == sorted((names_read_by_settings() | names_in_compose()) - NOT_FOR_PRODUCTION)


@pytest.mark.parametrize("name", sorted(NOT_FOR_PRODUCTION))
def test_the_sample_warns_of_what_must_stay_unset(name):
    assert f"{name} must stay unset" in (REPOSITORY / ".env.sample").read_text()
