"""A round that is being valued, as its page follows it."""

from payouts.services import rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words
from valuation.documents import Progress


def test_progress_is_a_fragment_while_valuing_and_a_refresh_after(place):
    client = browser(place.first)
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    payout_round.run.progress = Progress(
        values=(0.5, 0.3, 0.15, 0.05), standard_errors=(0.01,) * 4, share_half_width=0.034, evaluations_left=900
    )
    payout_round.run.save()

    fragment = client.get(page("round_progress", payout_round.pk), headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "± 3.4" in words(fragment)
    assert fragment.content.decode().count('class="interval"') == 4

    scenario.finish(payout_round.run)
    rounds.conclude_valuing(run_id=str(payout_round.run_id))
    assert client.get(page("round_progress", payout_round.pk), headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_draft_has_no_progress(place):
    assert browser(place.first).get(page("round_progress", scenario.funded_draft(place).pk)).status_code == 404


def test_a_wave_is_announced_once(place):
    client = browser(place.first)
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    payout_round.run.wave = 2
    payout_round.run.progress = Progress(
        values=(0.5, 0.3, 0.15, 0.05), standard_errors=(0.01,) * 4, share_half_width=0.034
    )
    payout_round.run.save()
    address = page("round_progress", payout_round.pk)

    first = client.get(f"{address}?wave=1")
    again = client.get(f"{address}?wave=2")

    assert "2 waves merged: the widest share interval is ± 3.40 %, ± 2.00 % is wanted." in words(first)
    assert 'hx-swap-oob="innerHTML"' in first.content.decode()
    assert f'hx-get="{address}?wave=2"' in again.content.decode()
    assert "role=" not in again.content.decode().replace('role="img"', "").replace('role="region"', "")
