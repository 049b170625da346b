"""Any allow-listed scikit-learn estimator or pipeline, one fit a coalition: for models that know no batch."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import decomposition, discriminant_analysis, ensemble, linear_model, naive_bayes, preprocessing, tree

from valuation.core.errors import FitFailedError
from valuation.core.utility.game import BoolArray, FloatArray, IntArray, UtilityGame

CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "GaussianNB": naive_bayes.GaussianNB,
    "DecisionTreeClassifier": tree.DecisionTreeClassifier,
    "DecisionTreeRegressor": tree.DecisionTreeRegressor,
    "RandomForestClassifier": ensemble.RandomForestClassifier,
    "RandomForestRegressor": ensemble.RandomForestRegressor,
    "ExtraTreesClassifier": ensemble.ExtraTreesClassifier,
    "ExtraTreesRegressor": ensemble.ExtraTreesRegressor,
    "HistGradientBoostingClassifier": ensemble.HistGradientBoostingClassifier,
    "HistGradientBoostingRegressor": ensemble.HistGradientBoostingRegressor,
    "LinearDiscriminantAnalysis": discriminant_analysis.LinearDiscriminantAnalysis,
    "LogisticRegression": linear_model.LogisticRegression,
    "Ridge": linear_model.Ridge,
    "Lasso": linear_model.Lasso,
}
TRANSFORMER_CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "StandardScaler": preprocessing.StandardScaler,
    "MinMaxScaler": preprocessing.MinMaxScaler,
    "RobustScaler": preprocessing.RobustScaler,
    "PCA": decomposition.PCA,
}


class SklearnUtility(UtilityGame):
    """Fit a fresh estimator to each coalition, rows in player order, seeded alike.

    The steps of a pipeline are fitted to the coalition as well. Principal components are at most as many as the
    coalition's rows and features allow; rows that are all alike have none, and stay as they are. Linear discriminants
    need a row more than there are classes; smaller coalitions train no model.
    """

    batched = False
    cost_note = "One evaluation: one scikit-learn fit and one prediction of the validation rows."

    def _trains(self, coalitions: BoolArray) -> BoolArray:
        trains = super()._trains(coalitions)
        if self.spec.params["estimator"] == "LinearDiscriminantAnalysis":
            trains &= coalitions.sum(axis=1) > self._classes_present(coalitions).sum(axis=1)
        return trains

    def _predictions(self, coalitions: BoolArray) -> Iterator[tuple[IntArray, NDArray[Any]]]:
        for index, coalition in enumerate(coalitions):
            yield np.array([index]), self._fit_and_predict(coalition)[None]

    def _fit_and_predict(self, coalition: BoolArray) -> NDArray[Any]:
        estimator = CONSTRUCTORS[self.spec.params["estimator"]](**self.spec.params["params"])
        if "random_state" in estimator.get_params():
            estimator.set_params(random_state=self.spec.seed)
        try:
            rows, rows_valid = self._transformed(self._X[coalition])
            estimator.fit(rows, self._y[coalition])
            predictions = self._predict(estimator, rows_valid)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            raise FitFailedError(
                f"{self.spec.params['estimator']} failed on a coalition of {coalition.sum()} rows: {error}"
            ) from error
        if not np.isfinite(predictions).all():
            raise FitFailedError(
                f"{self.spec.params['estimator']} predicts no numbers after {coalition.sum()} rows of training."
            )
        return predictions

    def _transformed(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """A coalition's rows and the validation rows after the steps of the pipeline, fitted to the former alone."""
        rows_valid = self._X_valid
        for step in self.spec.params.get("steps", ()):
            settings = dict(step["params"])
            if step["step"] == "PCA":
                if (rows == rows[0]).all():
                    continue
                # The full decomposition: the quicker ones draw random numbers.
                settings = {"n_components": min(settings["n_components"], *rows.shape), "svd_solver": "full"}
            transformer = TRANSFORMER_CONSTRUCTORS[step["step"]](**settings)
            rows = transformer.fit_transform(rows)
            rows_valid = transformer.transform(rows_valid)
        return rows, rows_valid

    def _predict(self, estimator: Any, rows_valid: FloatArray) -> NDArray[Any]:
        if self.metric.needs in {"labels", "numbers"}:
            return np.asarray(estimator.predict(rows_valid))
        shares = np.zeros((self.n_valid, self._n_classes))
        shares[:, estimator.classes_] = estimator.predict_proba(rows_valid)
        return shares[:, 1] if self.metric.needs == "scores" and self._n_classes == 2 else shares  # noqa: PLR2004
