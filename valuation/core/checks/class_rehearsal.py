"""What a model makes of the classes, tried on the buyer's rows: does it name each, and do class weights help it?"""

from dataclasses import dataclass, replace

import numpy as np

from valuation.core.checks.rehearsal import EncodedRows
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.metrics.registry import facts_of
from valuation.core.models import ModelSpec, checked_rows, game_of
from valuation.core.statistics.confidence import normal_quantile

DRAWS = 4
# A class that is named for fewer of its rows than this is as good as ignored.
_NAMED_MIN = 0.05


@dataclass(frozen=True)
class ClassTrial:
    """What the model made of the classes on rows it had not seen, trained on half of the rows.

    Attributes:
        recalls: Share of each class's rows that were named right, in class order; None for a class without rows.
        score: Mean score on the terms asked for.
        score_turned: The same with class weights where there were none, without them where there were; None where the
            metric does not count classes alike.
        difference_error: Standard error of ``score_turned - score`` over the draws, 0 where it is None.
    """

    recalls: tuple[float | None, ...]
    score: float
    score_turned: float | None
    difference_error: float

    @property
    def ignored(self) -> tuple[int, ...]:
        """Codes of the classes that are hardly ever named."""
        return tuple(code for code, recall in enumerate(self.recalls) if recall is not None and recall < _NAMED_MIN)

    @property
    def turning_is_better(self) -> bool:
        """Whether class weights the other way round scored better beyond chance."""
        if self.score_turned is None:
            return False
        return self.score_turned - self.score > normal_quantile() * self.difference_error


def try_classes(
    spec: ModelSpec, X: FloatMatrix, y: FloatVector, *, rng: np.random.Generator, base: EncodedRows | None = None
) -> ClassTrial | None:
    """Train on half of the rows, several times, and look at what is named on the other half.

    Args:
        spec: The buyer's model, metric and terms.
        X: Encoded validation rows, float64 ``(m, d)``, m >= 2.
        y: Their class codes, ``(m,)``.
        rng: Source of the draws.
        base: Encoded rows that the buyer has already, and their class codes; every training has them too.

    Returns:
        What was found; None where the metric does not look at the classes that a model names.
    """
    metric = facts_of(spec.metric)
    if not metric.names_classes:
        return None
    turned = replace(spec, class_weights=not spec.class_weights)
    hits, counts = np.zeros(int(y.max()) + 1), np.zeros(int(y.max()) + 1)
    scores = []
    for _ in range(DRAWS):
        order = rng.permutation(len(y))
        train, held_out = order[: len(y) // 2], order[len(y) // 2 :]
        if len(np.unique(y[held_out])) < 2:  # noqa: PLR2004 - nothing is told apart
            continue
        named = replace(spec, metric="accuracy", free_disposal=False)
        right = _score_rows(named, (X, y), train, held_out, base)
        hits += np.bincount(y[held_out].astype(np.intp), weights=right, minlength=len(hits))
        counts += np.bincount(y[held_out].astype(np.intp), minlength=len(counts))
        # Where classes count alike, weights are a question of what scores better.
        asked = (spec, turned) if metric.classes_alike else (spec,)
        scores.append([_score_rows(one, (X, y), train, held_out, base).mean() for one in asked])
    if not scores:
        return None
    found = np.array(scores)
    recalls = tuple(float(hit / count) if count else None for hit, count in zip(hits, counts, strict=True))
    if found.shape[1] == 1 or len(found) == 1:  # one draw has no spread, and advises nothing
        return ClassTrial(recalls, float(found[:, 0].mean()), None, 0.0)
    differences = found[:, 1] - found[:, 0]
    spread = float(differences.std(ddof=1) / np.sqrt(len(differences)))
    return ClassTrial(recalls, float(found[:, 0].mean()), float(found[:, 1].mean()), spread)


def _score_rows(
    spec: ModelSpec, rows: EncodedRows, train: IndexVector, held_out: IndexVector, base: EncodedRows | None
) -> FloatVector:
    (X, y), (X_base, y_base) = rows, base or (None, None)
    encoded = checked_rows(spec, X[train], y[train], X[held_out], y[held_out], X_base=X_base, y_base=y_base)
    game = game_of(spec, encoded)
    return np.asarray(game.rowwise(np.ones((1, len(train)), dtype=np.bool_))[0])
