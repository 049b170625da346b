"""The demo's round with real processes, left alone and with its worker killed: the same bits, no cent twice."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from marketplace.demo import adult, profiles
from marketplace.demo.local_services import APP_ROLE
from marketplace.demo.stack import Stack
from marketplace.demo.story import Story

# Two rounds with three workers of which two are killed: a wait ends when nothing moves any more, and this clock is only
# for a machine on which nothing does.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(1_200)]

SEED = 5
SELLER_KINDS, ROW_KINDS = ["enumeration", "covariance", "coupled", "weighing"], ["hcdv_games"]
POT_MINOR = 1_000_000
# A silent worker's block is taken over after three seconds instead of a minute.
SHORT_LEASE = ("FAIRCUT_BLOCK_LEASE_SECONDS", "3")
LINES = """
    SELECT organization_id, value, value_lower, value_upper, share_numerator, share_denominator
    FROM payouts_payoutline WHERE round_id = %s ORDER BY number
"""


@contextmanager
def open_folder():
    """A folder that PostgreSQL may enter, which runs as another user when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="faircut-stack-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def folder():
    with open_folder() as path:
        yield path


@pytest.fixture(scope="module")
def stack():
    with open_folder() as path:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(*SHORT_LEASE)
            running = Stack(path, port=free_port()).start()
        yield running
        running.stop()


@pytest.fixture
def story(stack):
    seeded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); from marketplace.demo import cast; print(cast.seed().pk)",
        ],
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    sellers = profiles.sample_sellers(adult.training_part(), seed=0)
    told = Story(stack.site_url, seeded.stdout.strip(), sellers, stack.folder / "story.json", lambda _: None)
    told.bring_data()
    return told


def row_values(stack, round_id):
    """The file of row values of a round's run: the same bits are the same bytes."""
    ((run_id,),) = query(stack, "SELECT run_id FROM payouts_payoutround WHERE id = %s", round_id)
    return (Path(stack.environment["FAIRCUT_STORAGE_DIR"]) / "points" / f"{run_id}.parquet").read_bytes()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def query(stack, statement, *parameters):
    with psycopg.connect(stack.environment["FAIRCUT_DATABASE_URL"]) as connection:
        return connection.execute(statement, parameters).fetchall()


def wait_until(condition, *, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.05)


def kill_in_the_middle_of_a_block(stack, round_id, kinds):
    """Freeze the worker until it is caught holding a block of some kinds, then kill it; returns the blocks it held."""
    leased = """
        SELECT b.id FROM valuation_workblock b JOIN payouts_payoutround r ON r.run_id = b.run_id
        WHERE r.id = %s AND b.state = 'leased' AND b.number > 5 AND b.kind = ANY(%s)
    """
    worker = stack._processes["worker"].pid
    while True:
        wait_until(lambda: query(stack, leased, round_id, kinds), seconds=200)
        os.killpg(worker, signal.SIGSTOP)
        # What the worker had sent before it froze may still be on its way into the database.
        time.sleep(1)
        held = query(stack, leased, round_id, kinds)
        if held:
            stack.kill_worker()
            return held
        os.killpg(worker, signal.SIGCONT)


def test_a_killed_worker_changes_no_bit_and_doubles_no_entry(stack, story, monkeypatch):
    monkeypatch.setenv(*SHORT_LEASE)
    undisturbed = story.draft_round(seed=SEED, precision="3", bank_reference="FIRST")
    story.trigger(undisturbed)
    story.wait_for_review(undisturbed)

    disturbed = story.draft_round(seed=SEED, precision="3", bank_reference="SECOND")
    story.trigger(disturbed)
    held = kill_in_the_middle_of_a_block(stack, disturbed, SELLER_KINDS)
    stack.start_worker()
    held += kill_in_the_middle_of_a_block(stack, disturbed, ROW_KINDS)
    stack.start_worker()
    story.wait_for_review(disturbed)
    story.approve_and_pay(disturbed)
    stack.kill_worker()  # the attacks on both rounds would take the cores from the tests that follow

    again = query(
        stack, "SELECT COUNT(*) FROM valuation_workblock WHERE id = ANY(%s) AND attempts > 1", [pk for (pk,) in held]
    )
    assert again == [(len(held),)]
    assert query(stack, LINES, disturbed) == query(stack, LINES, undisturbed)
    assert row_values(stack, disturbed) == row_values(stack, undisturbed)
    widest = "SELECT MAX(amount_upper_minor - amount_lower_minor) FROM payouts_payoutline WHERE round_id = %s"
    assert query(stack, widest, disturbed)[0][0] <= 2 * 0.03 * POT_MINOR, "an interval is wider than was asked for"
    entries = "SELECT COUNT(*), SUM(e.amount_minor) FROM payouts_ledgerentry e JOIN payouts_ledgertransaction t"
    posted = query(
        stack, f"{entries} ON t.id = e.transaction_id WHERE t.round_id = %s AND t.reason = 'payout'", disturbed
    )
    paid_lines = query(
        stack, "SELECT COUNT(*) FROM payouts_payoutline WHERE round_id = %s AND amount_minor > 0", disturbed
    )
    assert posted == [(2 * paid_lines[0][0], 0)]


def test_the_application_role_may_only_append_to_the_ledger(stack):
    assert APP_ROLE in stack.environment["FAIRCUT_DATABASE_URL"]
    for statement in (
        "UPDATE payouts_ledgerentry SET amount_minor = 1",
        "DELETE FROM payouts_ledgertransaction",
        "TRUNCATE payouts_ledgerentry",
        "DELETE FROM marketplace_auditevent",
        "UPDATE payouts_approval SET mfa_at = now()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(stack, statement)


def demo_command(folder, *options):
    return [sys.executable, "-m", "marketplace.demo", "--folder", str(folder), "--port", str(free_port()), *options]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process_behind_and_goes_on(folder, number):
    with subprocess.Popen(demo_command(folder), stdout=subprocess.PIPE, text=True, start_new_session=True) as demo:
        for line in demo.stdout:
            if "uploaded and submitted" in line:
                break
        demo.send_signal(number)
        rest, _ = demo.communicate(timeout=60)

    assert demo.returncode == 130
    assert "the next start goes on from here" in rest
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in listing.splitlines() if str(folder) in line] == []

    if number == signal.SIGINT:
        second = subprocess.run(demo_command(folder, "--no-serve"), capture_output=True, text=True, check=True).stdout
        third = subprocess.run(demo_command(folder, "--no-serve"), capture_output=True, text=True, check=True).stdout
        assert "Sum: paid 10000.00" in second
        assert "the pot is 10000.00: proved" in second
        assert "uploaded and submitted" not in third
        assert paid_lines(third) == paid_lines(second)


def paid_lines(printed):
    """The demo's result without its seconds."""
    return printed[printed.index("The paid round") : printed.index("Seconds:")]
