"""A block that takes longer than its lease stays with the worker that does it, and falls free when that one dies."""

import time

import pytest
from django.db import connections
from django.utils import timezone

from tests.integration.valuation.market import make_market, start_run
from valuation.models import WorkBlock
from valuation.services import blocks, leases

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def block(settings):
    settings.FAIRCUT_BLOCK_LEASE_SECONDS = 0.3
    return blocks.claim(run_id=start_run(make_market()).pk)


def lease_of(block):
    return WorkBlock.objects.get(pk=block.pk).leased_until


def test_a_long_block_keeps_its_lease(block):
    first = lease_of(block)

    with leases.kept(block):
        time.sleep(0.6)
        assert lease_of(block) > timezone.now()

    assert lease_of(block) > first


def test_nothing_is_renewed_afterwards(block):
    with leases.kept(block):
        pass
    after = lease_of(block)
    time.sleep(0.2)

    assert lease_of(block) == after


def test_a_block_that_was_taken_over_is_left_to_its_new_holder(block):
    with leases.kept(block):
        WorkBlock.objects.filter(pk=block.pk).update(attempts=block.attempts + 1, leased_until=timezone.now())
        taken = lease_of(block)
        time.sleep(0.3)

        assert lease_of(block) == taken


def test_no_connection_is_left_open(block):
    before = len(connections.all(initialized_only=True))
    with leases.kept(block):
        time.sleep(0.2)

    assert len(connections.all(initialized_only=True)) == before
