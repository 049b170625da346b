"""A dry run with a quote: a real fit on the buyer's rows, once, with a sentence where it cannot be had."""

import datetime as dt
from importlib import import_module

import pgtrigger
import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import ProgrammingError, transaction
from django.utils import timezone

from marketplace.models import Role
from marketplace.services import drafts
from marketplace.services.requests import RequestRefusedError
from tests.factories.accounts import make_member
from tests.factories.drafts import completed, make_draft
from tests.integration.words import words_of
from valuation import tasks
from valuation.core.errors import FitFailedError
from valuation.models import Quote
from valuation.selectors.quotes import view_of
from valuation.services import quotes

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    person = make_member(Role.BUYER)
    client.force_login(person)
    return person


@pytest.fixture
def draft(buyer):
    return completed(make_draft(buyer), buyer)


@pytest.fixture
def sent(monkeypatch):
    hints = []
    monkeypatch.setattr(quotes, "send", lambda *, quote_id: hints.append(str(quote_id)))
    return hints


def ask(draft, buyer, **market):
    return quotes.ask(request=draft, by=buyer, **({"sellers": 3, "rows_per_seller": 40} | market))


def test_a_buyer_asks_watches_and_reads_a_quote(client, draft, sent, django_capture_on_commit_callbacks):
    address = f"/requests/{draft.pk}/quote/"
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address, {"sellers": "3", "rows_per_seller": "40"})
    quote = Quote.objects.get()
    assert sent == [str(quote.pk)]
    watched = client.get(f"{address}progress/").content.decode()
    assert "hx-get" in watched
    assert "Reading the validation rows" in watched

    tasks.quote(quote_id=str(quote.pk))

    page = client.get(address)
    assert "hx-get" not in client.get(f"{address}progress/").content.decode()
    assert "The model learns from 75 rows" in words_of(page)
    assert "2 workers" in page.content.decode()
    assert "For 3 sellers with 40 rows each, 120 together" in words_of(page)
    quote.refresh_from_db()
    view = view_of(quote)
    assert view.learning.empty == pytest.approx(0.5)
    assert view.mean_score > 0.8
    assert (view.projection.rows, view.projection.is_extrapolated) == (120, False)
    # The last: a third of the pot each, of which 1.96 times a sixth.
    assert [offer.half_width for offer in view.offers] == pytest.approx([0.01, 0.02, 0.05, 1.96 / 18], rel=1e-4)
    assert [offer.is_wanted for offer in view.offers] == [False, True, False, False]
    assert [offer.is_due for offer in view.offers] == [False, False, False, True]
    halved = view.offers[0].evaluations / view.offers[1].evaluations
    assert halved == pytest.approx(4, rel=1e-3)
    assert view.offers[1].seconds[1] == pytest.approx(view.offers[1].seconds[0] / 2)


def test_a_class_that_the_model_ignores_and_better_weights_are_said_before_opening(client, draft, buyer, sent):
    spec = draft.model_spec | {"class_weights": False}
    drafts.set_model(request=draft, task=draft.task, model_spec=spec, metric="balanced_accuracy", by=buyer)
    draft.refresh_from_db()
    quote = ask(draft, buyer)
    tasks.quote(quote_id=str(quote.pk))
    quote.refresh_from_db()
    found = {"recalls": [0.97, 0.01], "score": 0.49, "score_turned": 0.61, "difference_error": 0.01}
    # What the rehearsal finds is tested beside it; here it is what a page makes of it. Ended quotes are final.
    with pgtrigger.ignore("valuation.Quote:quote_ended_is_final"):
        Quote.objects.update(result=quote.result | {"classes": found})

    page = words_of(client.get(f"/requests/{draft.pk}/quote/"))

    rare = draft.schema["columns"][-1]["categories"][1]
    assert f"The model hardly ever names “{rare}”: 1 % of its rows were right." in page.replace("\u202f", " ")
    assert "scores better with class weights. Turn them on under the model's parameters: 61.00 instead of 49.00" in page
    assert "validation rows a seller worth less than" in page


def test_filling_small_coalitions_up_has_its_price_in_the_quote(client, draft, buyer, sent):
    spec = draft.model_spec | {"start_rows": 20}
    drafts.set_model(request=draft, task=draft.task, model_spec=spec, metric=draft.metric, by=buyer)
    quote = ask(draft, buyer)

    tasks.quote(quote_id=str(quote.pk))

    quote.refresh_from_db()
    assert quote.state == "done", quote.error
    times = view_of(quote).filling_up
    assert times > 0
    page = words_of(client.get(f"/requests/{draft.pk}/quote/"))
    assert f"Filling small coalitions up to 20 rows takes {times:.1f} times as many evaluations" in page


def test_own_rows_take_part_in_every_training_of_a_quote(client, draft, buyer, sent):
    own = b"age,town,buys\n" + b"".join(
        b"%d.5,Ely,%s\n" % (age, b"yes" if age > 49 else b"no") for age in range(20, 80)
    )
    outdated = ask(draft, buyer)
    tasks.quote(quote_id=str(outdated.pk))
    drafts.set_base(request=draft, file=ContentFile(own, "own.csv"), is_leaving_out=False, by=buyer)
    draft.refresh_from_db()
    assert "Out of date" in words_of(client.get(f"/requests/{draft.pk}/quote/"))

    quote = ask(draft, buyer)
    tasks.quote(quote_id=str(quote.pk))

    quote.refresh_from_db()
    # These rows say all that there is to say: a constant answer scores 0.5.
    assert view_of(quote).learning.empty > 0.9
    page = words_of(client.get(f"/requests/{draft.pk}/quote/"))
    assert "Score with your own rows alone" in page
    assert "Every training had your own 60 rows too." in page


def test_a_larger_market_is_extrapolated_and_says_so(client, draft, buyer, sent):
    quote = ask(draft, buyer, sellers=4, rows_per_seller=25_000)

    tasks.quote(quote_id=str(quote.pk))

    quote.refresh_from_db()
    view = view_of(quote)
    assert view.projection.is_extrapolated
    assert [market.rows for market in view.markets] == [500, 2_000]
    assert "are extrapolated from them" in words_of(client.get(f"/requests/{draft.pk}/quote/"))


def test_a_second_delivery_changes_nothing_and_a_second_click_starts_nothing(draft, buyer, sent):
    quote = ask(draft, buyer)
    assert ask(draft, buyer, sellers=9) == quote

    tasks.quote(quote_id=str(quote.pk))
    first = Quote.objects.values().get(pk=quote.pk)
    tasks.quote(quote_id=str(quote.pk))

    assert Quote.objects.values().get(pk=quote.pk) == first
    assert ask(draft, buyer) != quote


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FitFailedError("The model failed on 20 rows."), "The model failed on 20 rows."),
        (tasks.breakdowns.SoftTimeLimitExceeded(), "The dry run took more time than its worker has"),
    ],
)
@pytest.mark.usefixtures("sent")
def test_a_model_that_cannot_be_fitted_ends_with_a_sentence(client, buyer, monkeypatch, error, said):
    def fail(*_, **__):
        raise error

    draft = completed(make_draft(buyer), buyer)
    quote = ask(draft, buyer)
    monkeypatch.setattr(quotes, "try_model", fail)

    tasks.quote(quote_id=str(quote.pk))

    quote.refresh_from_db()
    assert quote.state == "failed"
    assert said in words_of(client.get(f"/requests/{draft.pk}/quote/"))


def test_what_nobody_foresaw_ends_the_quote_too_and_is_not_hidden(draft, buyer, sent, monkeypatch):
    monkeypatch.setattr(quotes, "try_model", lambda *_, **__: 1 / 0)
    quote = ask(draft, buyer)

    with pytest.raises(ZeroDivisionError):
        tasks.quote(quote_id=str(quote.pk))

    quote.refresh_from_db()
    assert (quote.state, quote.error != "") == ("failed", True)


def test_rows_exchanged_in_the_storage_give_no_quote(draft, buyer, sent):
    quote = ask(draft, buyer)
    with draft.validation_file.storage.open(draft.validation_file.name, "wb") as stored:
        stored.write(b"other rows")

    tasks.quote(quote_id=str(quote.pk))

    quote.refresh_from_db()
    assert quote.state == "failed"
    assert "not those whose hash" in quote.error


def test_nothing_to_try_is_said(client, buyer):
    draft = make_draft(buyer)

    assert "Nothing to try yet" in words_of(client.get(f"/requests/{draft.pk}/quote/"))
    answer = client.post(f"/requests/{draft.pk}/quote/", {"sellers": "3", "rows_per_seller": "40"})
    assert answer.status_code == 422
    assert not Quote.objects.exists()


@pytest.mark.parametrize("market", [{"sellers": "1"}, {"rows_per_seller": "0"}, {"sellers": "many"}])
def test_a_market_that_cannot_be_is_refused(client, draft, market):
    given = {"sellers": "3", "rows_per_seller": "40"} | market

    assert client.post(f"/requests/{draft.pk}/quote/", given).status_code == 422
    assert not Quote.objects.exists()


def test_a_quote_for_other_terms_says_that_it_is_out_of_date(client, draft, buyer, sent):
    quote = ask(draft, buyer)
    tasks.quote(quote_id=str(quote.pk))

    spec = {"family": "knn", "params": {"n_neighbors": 3}, "seed": 0}
    drafts.set_model(request=draft, task="classification", model_spec=spec, metric="accuracy", by=buyer)

    assert "Out of date" in words_of(client.get(f"/requests/{draft.pk}/quote/"))


def test_a_lost_hint_is_sent_again_and_not_at_every_sweep(draft, buyer, sent, monkeypatch):
    quote = ask(draft, buyer)
    quotes.revive()
    assert sent == []

    later = timezone.now() + dt.timedelta(seconds=quotes.HINT_SILENCE_SECONDS + 1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    quotes.revive()
    quotes.revive()

    assert sent == [str(quote.pk)]


def test_a_quote_whose_worker_is_gone_ends_and_another_can_be_asked(draft, buyer, sent, monkeypatch):
    quote = ask(draft, buyer)
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.RUNNING, started_at=timezone.now())
    quotes.revive()
    assert ask(draft, buyer) == quote

    later = timezone.now() + dt.timedelta(seconds=quotes.WORKER_SILENCE_SECONDS + 1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    quotes.revive()

    quote.refresh_from_db()
    assert (quote.state, "Ask once more" in quote.error) == (Quote.State.FAILED, True)
    assert ask(draft, buyer) != quote


def test_an_ended_quote_never_changes(draft, buyer, sent):
    quote = ask(draft, buyer)
    quotes.fail(quote_id=quote.pk, failure=Quote.Failure.IMPOSSIBLE, error="No.")

    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Quote.objects.filter(pk=quote.pk).update(error="Yes.")


def test_a_model_that_would_train_for_minutes_is_refused_before_anything_is_trained(client, draft, buyer, sent):
    spec = {"family": "mlp", "params": {"epochs": 300, "hidden_units": 128, "hidden_layers": 2}, "seed": 0}
    drafts.set_model(request=draft, task="classification", model_spec=spec, metric="accuracy", by=buyer)
    quote = ask(draft, buyer, sellers=200, rows_per_seller=1_000)

    tasks.quote(quote_id=str(quote.pk))

    page = words_of(client.get(f"/requests/{draft.pk}/quote/"))
    assert "training it once on 200000 rows takes about" in page
    quote.refresh_from_db()
    assert (quote.state, quote.steps_done) == (Quote.State.FAILED, 0)


def test_parameters_of_a_pipeline_are_kept_and_shown_again(client, draft):
    address = f"/requests/{draft.pk}/draft/parameters/"
    client.post(f"/requests/{draft.pk}/draft/model/", {"model": "sklearn:GaussianNB", "metric": "accuracy"})

    client.post(address, {"var_smoothing": "0.01", "scaling": "median_and_quartiles", "components": "1"})

    draft.refresh_from_db()
    assert draft.model_spec["params"]["steps"] == [
        {"step": "RobustScaler", "params": {}},
        {"step": "PCA", "params": {"n_components": 1}},
    ]
    page = client.get(address).content.decode()
    assert '<option value="median_and_quartiles" selected>' in page
    assert "GaussianNB of scikit-learn after RobustScaler and PCA" in words_of(client.get(f"/requests/{draft.pk}/"))


def opened(client, draft):
    answer = words_of(client.post(f"/requests/{draft.pk}/open/", follow=True))
    draft.refresh_from_db()
    return answer


def test_terms_that_a_dry_run_found_impossible_do_not_open_and_others_do(client, draft, buyer, sent):
    found = "GaussianNB failed on a coalition of 3 rows."
    quotes.fail(quote_id=ask(draft, buyer).pk, failure=Quote.Failure.IMPOSSIBLE, error=found)

    said = opened(client, draft)

    assert draft.state == "draft"
    assert "The request cannot open: its dry run failed. GaussianNB failed on a coalition of 3 rows." in said
    assert "Change the model, the columns or the validation file, or try a market of another size" in said
    with pytest.raises(RequestRefusedError, match="its dry run failed"):
        drafts.open_draft(request=draft, by=buyer)

    spec = {"family": "knn", "params": {"n_neighbors": 3}, "seed": 0}
    drafts.set_model(request=draft, task="classification", model_spec=spec, metric="accuracy", by=buyer)
    opened(client, draft)
    assert draft.state == "open"


def test_the_last_dry_run_of_the_terms_decides(client, draft, buyer, sent):
    quote, found = ask(draft, buyer, sellers=200), "Training once takes too long."
    quotes.fail(quote_id=quote.pk, failure=Quote.Failure.IMPOSSIBLE, error=found)
    tasks.quote(quote_id=str(ask(draft, buyer).pk))

    opened(client, draft)

    assert draft.state == "open"


TOO_LITTLE = {"time": tasks.breakdowns.SoftTimeLimitExceeded(), "memory": MemoryError("8 GiB")}


@pytest.mark.parametrize("end", ["interrupted", "out of reach", "time", "memory", "at work", "never asked"])
@pytest.mark.usefixtures("sent")
def test_a_dry_run_that_found_nothing_out_keeps_nothing_closed(client, draft, buyer, monkeypatch, end):
    if end != "never asked":
        quote = ask(draft, buyer)
    if end == "interrupted":
        Quote.objects.filter(pk=quote.pk).update(
            state=Quote.State.RUNNING, started_at=timezone.now() - dt.timedelta(days=1)
        )
        quotes.revive()
    if end == "out of reach":
        monkeypatch.setattr(quotes, "committed_columns", lambda _: (_ for _ in ()).throw(ConnectionResetError()))
        with pytest.raises(ConnectionResetError):
            tasks.quote(quote_id=str(quote.pk))
        quote.refresh_from_db()
        assert quote.error == "The dry run could not reach the database or the storage. Ask once more."
    if end in TOO_LITTLE:
        monkeypatch.setattr(quotes, "try_model", lambda *_, **__: (_ for _ in ()).throw(TOO_LITTLE[end]))
        tasks.quote(quote_id=str(quote.pk))
        page = words_of(client.get(f"/requests/{draft.pk}/quote/"))
        assert f"The dry run took more {end} than its worker has, so it found nothing out. Ask for fewer" in page
        assert "they can be opened" in page
    if end not in {"at work", "never asked"}:
        quote.refresh_from_db()
        assert quote.failure == ("too_little" if end in TOO_LITTLE else "unfinished")

    opened(client, draft)

    assert draft.state == "open"


def test_a_dry_run_that_found_nothing_out_opens_no_terms_that_one_before_found_impossible(
    client, draft, buyer, sent, monkeypatch
):
    quotes.fail(quote_id=ask(draft, buyer).pk, failure=Quote.Failure.IMPOSSIBLE, error="It failed.")
    monkeypatch.setattr(quotes, "try_model", lambda *_, **__: (_ for _ in ()).throw(MemoryError()))
    tasks.quote(quote_id=str(ask(draft, buyer).pk))

    opened(client, draft)

    assert draft.state == "draft"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("GaussianNB failed on a coalition of 3 rows.", "impossible"),
        ("The dry run broke down with IndexError, which nobody expected.", "impossible"),
        ("The dry run broke down with MemoryError, which nobody expected.", "too_little"),
        ("The dry run took too long: the model is too slow to value sellers with it.", "too_little"),
        ("The dry run was interrupted, or the model is too slow for it. Ask once more.", "unfinished"),
        ("The dry run could not reach the database or the storage. Ask once more.", "unfinished"),
    ],
)
def test_earlier_failures_get_the_code_that_their_sentence_tells(error, failure):
    assert import_module("valuation.migrations.0006_why_a_dry_run_failed").code_of(error) == failure


def test_a_model_that_breaks_down_on_rows_alike_is_named_before_anything_opens(client, draft, buyer, sent, monkeypatch):
    def fail(*_, **__):
        raise IndexError("row 17")

    monkeypatch.setattr(quotes, "try_degenerate", fail)
    quote = ask(draft, buyer)
    with pytest.raises(IndexError):
        tasks.quote(quote_id=str(quote.pk))

    said = opened(client, draft)

    assert draft.state == "draft"
    assert "The dry run broke down with IndexError, which nobody expected" in said


def test_stored_failures_are_given_their_codes_though_ended_quotes_are_final(draft, buyer, sent):
    quote = ask(draft, buyer)
    quotes.fail(quote_id=quote.pk, failure=Quote.Failure.IMPOSSIBLE, error="The dry run was interrupted.")

    import_module("valuation.migrations.0006_why_a_dry_run_failed").give_codes(apps, None)

    quote.refresh_from_db()
    assert quote.failure == Quote.Failure.UNFINISHED
