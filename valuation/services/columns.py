"""The kinds of frozen rows, sellers' and validation rows alike: the target's classes, and every category column."""

from typing import Any

import numpy as np

from valuation.documents import Manifest

MISSING = "missing"

Array = np.ndarray[Any, Any]
Codes = np.ndarray[Any, np.dtype[np.int64]]


def classes(manifest: Manifest, targets: Array) -> tuple[str, list[str], Codes]:
    """The target, its classes and that of each row; no class where the target is a number."""
    columns = manifest.columns_schema["columns"]
    declared = next(column for column in columns if column["name"] == manifest.target)
    return manifest.target, declared.get("categories", []), targets


def categories(manifest: Manifest, features: Array) -> list[tuple[str, list[str], Codes]]:
    """Each category column but the target, its categories, and that of each row, read off the encoded features."""
    names = manifest.features
    found = []
    for column in manifest.columns_schema["columns"]:
        if column["kind"] == "category" and column["name"] != manifest.target:
            at = [names.index(f"{column['name']}={category}") for category in column["categories"]]
            known = features[:, at].max(axis=1) > 0
            codes = np.where(known, features[:, at].argmax(axis=1), len(at)).astype(np.int64)
            found.append((column["name"], [*column["categories"], MISSING], codes))
    return found
