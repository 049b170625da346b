"""Any allow-listed scikit-learn estimator or pipeline, one fit a coalition: for models that know no batch."""

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation.core.models import ties
from valuation.core.models.estimators import ESTIMATORS, PCA, STEPS, Estimator, PipelineStep
from valuation.core.models.utility_game import BoolArray, FloatArray, Predictions, UtilityGame


def _constructor(one: Estimator | PipelineStep) -> Callable[..., Any]:
    constructor: Callable[..., Any] = getattr(import_module(f"sklearn.{one.module}"), one.name)
    return constructor


CONSTRUCTORS = {one.name: _constructor(one) for one in ESTIMATORS.values()}
STEP_CONSTRUCTORS = {one.name: _constructor(one) for one in STEPS.values()}
# What an estimator raises when it cannot be fitted to some rows, or cannot predict then. What the machine raises (no
# memory, a time limit) says nothing of the rows and goes on up.
CANNOT_BE_FITTED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)


class SklearnUtility(UtilityGame):
    """Fit a fresh estimator to each coalition, rows in player order, seeded alike.

    The steps of a pipeline are fitted to the coalition as well. Principal components are at most as many as the
    coalition's rows and features allow; rows that are all alike have none, and stay as they are. Class weights are
    scikit-learn's ``balanced``; estimators that know none take equal priors.
    """

    cost_note = "One evaluation: one scikit-learn fit and one prediction of the validation rows."

    def _predictions(self, coalitions: BoolArray) -> Predictions:
        for index, coalition in enumerate(coalitions):
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    # Estimators warn of coalitions that are hard to fit; what matters is whether they predict.
                    warnings.simplefilter("ignore")
                    predictions = self._fit_and_predict(coalition)
            except CANNOT_BE_FITTED:
                continue
            if np.isfinite(predictions).all():
                yield np.array([index]), predictions[None]

    def _fit_and_predict(self, coalition: BoolArray) -> NDArray[Any]:
        estimator = CONSTRUCTORS[self.spec.params["estimator"]](**self.spec.params["params"])
        settings = estimator.get_params()
        if "random_state" in settings:
            estimator.set_params(random_state=self.spec.seed)
        if self.spec.class_weights and "class_weight" in settings:
            estimator.set_params(class_weight="balanced")
        elif self.spec.class_weights:
            n_present = int(self._classes_present(coalition[None]).sum())
            estimator.set_params(priors=np.full(n_present, 1.0 / n_present))
        rows, rows_valid = self._transformed(self._X[coalition])
        estimator.fit(rows, self._y[coalition])
        return self._predict(estimator, rows_valid)

    def _transformed(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """A coalition's rows and the validation rows after the steps of the pipeline, fitted to the former alone."""
        rows_valid = self._X_valid
        for step in self.spec.params.get("steps", ()):
            settings = dict(step["params"])
            if step["step"] == PCA.name:
                if (rows == rows[0]).all():
                    continue
                # The full decomposition: the quicker ones draw random numbers.
                settings = {"n_components": min(settings["n_components"], *rows.shape), "svd_solver": "full"}
            transformer = STEP_CONSTRUCTORS[step["step"]](**settings)
            rows = transformer.fit_transform(rows)
            rows_valid = transformer.transform(rows_valid)
        return rows, rows_valid

    def _predict(self, estimator: Any, rows_valid: FloatArray) -> NDArray[Any]:
        if self.metric.facts.needs in {"labels", "numbers"}:
            return np.asarray(estimator.predict(rows_valid))
        if self.metric.facts.needs == "scores" and self._n_classes == 2 and hasattr(estimator, "decision_function"):  # noqa: PLR2004
            # As scikit-learn's own scorer: probabilities next to 1 would tie rows that the model tells apart.
            margins = np.asarray(estimator.decision_function(rows_valid))[None]
            return np.asarray(ties.ranks(margins, np.abs(margins))[0])
        shares = np.zeros((self.n_valid, self._n_classes))
        shares[:, estimator.classes_] = estimator.predict_proba(rows_valid)
        return shares[:, 1] if self.metric.facts.needs == "scores" and self._n_classes == 2 else shares  # noqa: PLR2004
