"""The terms that a dry run judges: what it found impossible cannot be opened."""

from django.db.models import Q

from marketplace.models import DataRequest
from marketplace.services.requests import RequestRefusedError
from valuation.models import Quote
from valuation.selectors.quoted_terms import terms_sha256


def require_possible(request: DataRequest) -> None:
    """Refuse to open terms whose last dry run found them impossible; terms that were never tried may open.

    A dry run that was not finished, or had too little time or memory, found nothing out.

    Raises:
        RequestRefusedError: The last dry run of exactly these terms found that no round could be valued.
    """
    of_these_terms = Quote.objects.filter(request=request, terms_sha256=terms_sha256(request))
    last = of_these_terms.filter(Q(state=Quote.State.DONE) | Q(failure=Quote.Failure.IMPOSSIBLE)).first()
    if last is not None and last.failure:
        raise RequestRefusedError(
            f"The request cannot open: its dry run failed. {last.error}",
            remedy="Change the model, the columns or the validation file, or try a market of another size; "
            "the last dry run of the terms decides.",
        )
