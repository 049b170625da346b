"""On what terms a request's models count, in the words that its buyer and its sellers read."""

from marketplace.models import DataRequest
from valuation.core.utility import ModelSpec

FREE_DISPOSAL = (
    "A model that scores below a constant answer counts as the constant answer, because nobody would use it: a few "
    "rows alone can be worth nothing, but not less. Rows that spoil a model which others made good still count against "
    "whoever brought them."
)
NO_FREE_DISPOSAL = "A model that scores below a constant answer counts with its score, however bad it is."
CLASS_WEIGHTS = "In training every class weighs alike, however few its rows are."
NO_CLASS_WEIGHTS = "In training every row weighs alike, so that a class with few rows weighs little."
CLIPPED = "Numbers far outside the range of the buyer's validation rows are cut to it before training."


def terms_in_words(request: DataRequest) -> list[str]:
    """One sentence a term; none before a model and a metric are chosen."""
    if not (request.model_spec and request.metric):
        return []
    spec = ModelSpec.from_json({**request.model_spec, "metric": request.metric})
    sentences = [FREE_DISPOSAL if spec.free_disposal else NO_FREE_DISPOSAL]
    if spec.task == "classification":
        sentences.append(CLASS_WEIGHTS if spec.class_weights else NO_CLASS_WEIGHTS)
    if spec.clip_numbers:
        sentences.append(CLIPPED)
    if spec.start_rows:
        sentences.append(
            f"No model is trained on fewer than {spec.start_rows} rows: missing ones are filled up with rows that say "
            "nothing."
        )
    return sentences
