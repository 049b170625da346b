"""What a request asks for in words, what is predicted, by which model, and what is paid for it."""

from typing import Any

from django.db import transaction

from marketplace.basics.names import visible
from marketplace.models import DataRequest, Organization, User
from marketplace.services import events
from marketplace.services.drafts.changing import changed, check_begins_one_way, forget_rows
from marketplace.services.requests import RequestRefusedError, check_model_spec, checked_schema, require_buyer


@transaction.atomic
def start(*, buyer: Organization, title: str, description: str, by: User) -> DataRequest:
    """Begin a draft that only the buyer's people see.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
    """
    require_buyer(buyer, by)
    draft = DataRequest.objects.create(buyer=buyer, title=_one_line(title), description=description)
    events.record(action="request.drafted", subject=draft, by=by)
    return draft


def set_words(*, request: DataRequest, title: str, description: str, by: User) -> None:
    """Say what is wanted, in the words that sellers read.

    Raises:
        NotADraftError: The request is open or closed.
    """
    with changed(request, "words", by) as draft:
        draft.title, draft.description = _one_line(title), description


def set_target(*, request: DataRequest, target: str, task: str, by: User) -> None:
    """Choose the column that the model shall predict; another task asks for another model.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: The column does not fit the task.
    """
    with changed(request, "target", by) as draft:
        checked_schema(draft.schema, target, task)
        if (target, task) != (draft.target, draft.task):
            forget_rows(draft)
        if task != draft.task:
            draft.model_spec, draft.metric = {}, ""
        draft.target, draft.task = target, task


def set_model(*, request: DataRequest, task: str, model_spec: dict[str, Any], metric: str, by: User) -> None:
    """Keep a model that was checked for this task; which models exist is the valuation's to say.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: The task was changed meanwhile, or the model fills up what begins with rows of the buyer's.
    """
    check_model_spec(model_spec)
    with changed(request, "model", by) as draft:
        if draft.task != task:
            raise RequestRefusedError("The task was changed meanwhile.", remedy="Choose the model again.")
        check_begins_one_way(model_spec=model_spec, base_rows=draft.base_rows)
        draft.model_spec, draft.metric = model_spec, metric


def set_budget(
    *, request: DataRequest, pot_minor: int, currency: str, precision_target: float, evaluations_max: int, by: User
) -> None:
    """Announce the pot, and how sure and how costly a valuation is to be.

    Raises:
        NotADraftError: The request is open or closed.
    """
    with changed(request, "budget", by) as draft:
        draft.pot_minor, draft.currency = pot_minor, currency
        draft.precision_target, draft.evaluations_max = precision_target, evaluations_max


def _one_line(title: str) -> str:
    """A title stands in e-mails to sellers, where a second line could pass for ours."""
    return visible(title)
