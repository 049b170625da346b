"""On what terms a request's models count, in the words that its buyer and its sellers read."""

from marketplace.basics.figures import count
from marketplace.models import DataRequest
from valuation.core.models import ModelSpec

BAD_ROWS = "Rows that spoil a model which others made good still count against whoever brought them."
FREE_DISPOSAL = (
    "A model that scores below a constant answer counts as the constant answer, because nobody would use it: a few "
    f"rows alone can be worth nothing, but not less. {BAD_ROWS}"
)
FREE_DISPOSAL_BESIDE_OWN_ROWS = (
    "A model that scores below that of the buyer's own rows alone, or below a constant answer, counts as the better of "
    f"these two, because nobody would use it. {BAD_ROWS}"
)
NO_FREE_DISPOSAL = "A model that scores below a constant answer counts with its score, however bad it is."
NOTHING_SHARED = (
    "If a model of all rows together does not beat {without} by more than the error of the validation rows, nothing is "
    "shared{under}: the pot returns to the buyer, who receives neither model nor rows."
)
# What was understood of requests that were opened before it was a term of theirs.
BY_CHANCE_ALONE = " where the policy pays by chance"
CLASS_WEIGHTS = "In training every class weighs alike, however few its rows are."
NO_CLASS_WEIGHTS = "In training every row weighs alike, so that a class with few rows weighs little."
CLIPPED = "Numbers far outside the range of the buyer's validation rows are cut to it before training."


def terms_in_words(request: DataRequest) -> list[str]:
    """One sentence a term; none before a model and a metric are chosen."""
    if not (request.model_spec and request.metric):
        return []
    spec = ModelSpec.from_json({**request.model_spec, "metric": request.metric})
    sentences = [_own_rows(request.base_rows)] if request.base_rows else []
    sentences.append(_bad_models(spec, request.base_rows))
    if spec.task == "classification":
        sentences.append(CLASS_WEIGHTS if spec.class_weights else NO_CLASS_WEIGHTS)
    if spec.clip_numbers:
        sentences.append(CLIPPED)
    if spec.start_rows:
        sentences.append(
            f"No model is trained on fewer than {spec.start_rows} rows: missing ones are filled up with rows that say "
            "nothing."
        )
    without = "a model of the buyer's own rows alone" if request.base_rows else "a constant answer"
    sentences.append(NOTHING_SHARED.format(without=without, under="" if spec.free_disposal else BY_CHANCE_ALONE))
    return sentences


def _own_rows(rows: int) -> str:
    counted = "one row" if rows == 1 else f"{count(rows)} rows"
    return (
        f"The buyer has {counted} of its own. Every model is trained on them too, and sellers are paid for what theirs "
        "add to them."
    )


def _bad_models(spec: ModelSpec, base_rows: int) -> str:
    if not spec.free_disposal:
        return NO_FREE_DISPOSAL
    return FREE_DISPOSAL_BESIDE_OWN_ROWS if base_rows else FREE_DISPOSAL
