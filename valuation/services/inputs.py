"""Freeze what a run values, under one hash, and load it again on any worker."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from marketplace.basics.errors import FaircutError
from marketplace.models import DataRequest, Submission
from marketplace.selectors import copies
from marketplace.selectors.stored_rows import InputsChangedError, base_table, validation_table, version_table
from valuation.core.games.game import Game, IndexVector, is_rowwise
from valuation.core.games.rows import PooledRows
from valuation.core.models import ModelSpec, is_batched
from valuation.core.models.buyers_game import buyers_game
from valuation.core.models.cost import check_affordable
from valuation.core.models.features import FeatureEncoder
from valuation.documents import Manifest, ManifestSubmission, Seller
from valuation.documents.manifest import FORMAT_VERSION
from valuation.models import ValuationRun

Array = np.ndarray[Any, Any]
ARRAYS = ("X", "y", "owners", "X_valid", "y_valid")
# Only where the buyer has rows of its own: manifests of other requests stay as they were.
BASE_ARRAYS = ("X_base", "y_base")
# Where each pooled row came from: the place of its submission in the manifest, and its row in that version.
SOURCE_ARRAYS = ("submission_places", "version_rows")


class NothingToValueError(FaircutError):
    """The request has no accepted submission."""

    code = "nothing_to_value"
    status = 409


@dataclass(frozen=True)
class LoadedInputs:
    """A frozen run as the engine sees it: the buyer's model over pooled rows, their content, and each seller's rows."""

    game: Game
    groups: Sequence[IndexVector]
    rows: PooledRows


def freeze(*, request: DataRequest) -> Manifest:
    """Pool the accepted rows, encode them, and store the arrays under the hash of their manifest.

    Rows are pooled in the order of their content's hash and never by owner, so that splitting accounts cannot change
    any row's neighbours. Features are fitted on the buyer's validation rows alone.

    Rows that an upheld finding calls copies are left out; a seller of whom nothing is left is no player.

    Raises:
        NothingToValueError: No submission is accepted, or only copies are.
        InputsChangedError: The buyer's rows are not those committed at opening, or model and task disagree.
    """
    submitted = _submitted(request)
    spec = _model(request)
    arrays, features = _encoded(request, spec, submitted)
    of_base: dict[str, Any] = {}
    if request.base_rows:
        of_base = {"base_sha256": request.base_sha256, "base_rows": request.base_rows}
    files = {name: _npy(array) for name, array in arrays.items()}
    manifest = Manifest(
        format=FORMAT_VERSION,
        request=str(request.pk),
        schema=request.schema,
        target=request.target,
        model=spec.to_json(),
        validation_sha256=request.validation_sha256,
        features=features,
        sellers=_sellers(submitted.valued, arrays["owners"]),
        submissions=tuple(_submission(submission, submitted.left_out) for submission in submitted.valued),
        left_out_whole=tuple(_submission(submission, submitted.left_out) for submission in submitted.emptied),
        arrays={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        rowwise=is_rowwise(buyers_game(spec, _rows(arrays))),
        batched=is_batched(spec),
        **of_base,
    )
    for name, data in files.items():
        _store(manifest.arrays[name], data)
    return manifest


@dataclass(frozen=True)
class _Submitted:
    """What was accepted: files with rows to value, files of which nothing is left, and by version the rows left out."""

    valued: Sequence[Submission]
    emptied: Sequence[Submission]
    left_out: Mapping[str, Sequence[int]]


def _submitted(request: DataRequest) -> _Submitted:
    submissions = list(
        Submission.objects.filter(request=request, state=Submission.State.ACCEPTED)
        .select_related("organization", "version")
        .order_by("organization_id", "version_id")
    )
    if not submissions:
        raise NothingToValueError(
            "Nobody has submitted rows to this request yet.", remedy="Wait for a submission, then trigger the round."
        )
    left_out = copies.excluded_rows(request)
    emptied = [item for item in submissions if len(left_out.get(str(item.version_id), [])) == item.version.rows]
    valued = [item for item in submissions if item not in emptied]
    if not valued:
        raise NothingToValueError(
            "All that was submitted to this request are copies of rows that came first.",
            remedy="Wait for a submission of other rows, then trigger the round.",
        )
    return _Submitted(valued, emptied, left_out)


def _model(request: DataRequest) -> ModelSpec:
    spec = ModelSpec.from_json({**request.model_spec, "metric": request.metric})
    if spec.task != request.task:
        raise InputsChangedError(
            f"The request is a {request.task}, and {spec.family} scored by {spec.metric} is a {spec.task}.",
            remedy="The buyer has to open a request whose model and metric fit its task.",
        )
    return spec


def _encoded(request: DataRequest, spec: ModelSpec, submitted: _Submitted) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Every array of the run by name, and the names of the features."""
    validation = _columns(validation_table(request))
    encoder = FeatureEncoder.fit(request.schema, request.target, validation, clip_numbers=spec.clip_numbers)
    X, y, owners, *sources = _pool(encoder, submitted.valued, submitted.left_out)
    check_affordable(spec, n_rows=len(X) + request.base_rows, n_features=X.shape[1])
    valid, y_valid = encoder.encode(validation), encoder.encode_target(validation)
    of_rows = dict(zip(ARRAYS, (X, y, owners, valid.values, y_valid), strict=True))
    of_sources = dict(zip(SOURCE_ARRAYS, sources, strict=True))
    return of_rows | encoded_base(encoder, request) | of_sources, tuple(valid.names)


def load(run: ValuationRun) -> LoadedInputs:
    """The frozen inputs as a game, kept in memory while a worker does blocks of the same run.

    Raises:
        ValueError: The manifest or an array is not what was frozen.
    """
    if run.manifest.sha256 != run.inputs_sha256:
        raise ValueError(f"The manifest of run inputs {run.inputs_sha256} was altered.")
    return _load(run.manifest)


def validation_targets(run: ValuationRun) -> Array:
    """The encoded targets of the buyer's validation rows, in their order, ``(rows,)``."""
    return _read(run.manifest.arrays["y_valid"])


def validation_features(run: ValuationRun) -> Array:
    """Their encoded features, ``(rows, features)``, columns named by the manifest's ``features``."""
    return _read(run.manifest.arrays["X_valid"])


def training_targets(run: ValuationRun) -> Array:
    """The encoded targets of the sellers' pooled rows, ``(rows,)``."""
    return _read(run.manifest.arrays["y"])


def training_features(run: ValuationRun) -> Array:
    """Their encoded features, ``(rows, features)``, columns as those of the validation rows."""
    return _read(run.manifest.arrays["X"])


@lru_cache(maxsize=1)
def _load(manifest: Manifest) -> LoadedInputs:
    names = ARRAYS if manifest.base_sha256 is None else ARRAYS + BASE_ARRAYS
    arrays = {name: _read(manifest.arrays[name]) for name in names}
    rows = _rows(arrays)
    groups = [np.flatnonzero(arrays["owners"] == index) for index in range(len(manifest.sellers))]
    return LoadedInputs(game=buyers_game(manifest.spec, rows), groups=groups, rows=rows)


def _rows(arrays: Mapping[str, Array]) -> PooledRows:
    """What the rows hold, out of all arrays by name."""
    beside = ("owners", *SOURCE_ARRAYS)
    return PooledRows(**{name: array for name, array in arrays.items() if name not in beside})


def sources(manifest: Manifest) -> tuple[Array, Array]:
    """Where each pooled row came from: the place of its submission in the manifest, and its row in that version."""
    places, version_rows = (_read(manifest.arrays[name]) for name in SOURCE_ARRAYS)
    return places, version_rows


def _sellers(submissions: Sequence[Submission], owners: Array) -> tuple[Seller, ...]:
    """The sellers in the order of their indices in `owners`, each with the rows it pooled."""
    names = {submission.organization_id: submission.organization.name for submission in submissions}
    counts = np.bincount(owners, minlength=len(names))
    return tuple(
        Seller(organization_id=pk, name=name, rows=int(count))
        for (pk, name), count in zip(names.items(), counts, strict=True)
    )


def _submission(submission: Submission, left_out: Mapping[str, Sequence[int]]) -> ManifestSubmission:
    return ManifestSubmission(
        submission=str(submission.pk),
        organization_id=submission.organization_id,
        version=str(submission.version_id),
        sha256=submission.version.sha256,
        rows=submission.version.rows,
        rows_left_out=len(left_out.get(str(submission.version_id), [])),
    )


def encoded_base(encoder: FeatureEncoder, request: DataRequest) -> dict[str, Array]:
    """The buyer's own rows, proved to be those committed, as `BASE_ARRAYS`; no array where there are none.

    Raises:
        InputsChangedError: They are not.
    """
    if not request.base_rows:
        return {}
    columns = _columns(base_table(request))
    arrays = encoder.encode(columns).values, encoder.encode_target(columns)
    return dict(zip(BASE_ARRAYS, arrays, strict=True))


def committed_columns(request: DataRequest) -> dict[str, Array]:
    """The validation rows by column, proved to be those whose hash the request carries.

    Raises:
        InputsChangedError: They are not.
    """
    return _columns(validation_table(request))


def _pool(
    encoder: FeatureEncoder, submissions: Sequence[Submission], left_out: Mapping[str, Sequence[int]]
) -> tuple[Array, ...]:
    """Features, targets, owners and sources of all rows but those left out, in the order of their content's hash."""
    index = {pk: place for place, pk in enumerate(dict.fromkeys(item.organization_id for item in submissions))}
    parts = []
    for place, submission in enumerate(submissions):
        table = version_table(submission.version)
        kept = np.delete(np.arange(table.num_rows, dtype=np.int64), left_out.get(str(submission.version_id), []))
        columns = _columns(table.take(pa.array(kept)))
        owner = np.full(kept.size, index[submission.organization_id], dtype=np.int64)
        source = np.full(kept.size, place, dtype=np.int64), kept
        parts.append((encoder.encode(columns).values, encoder.encode_target(columns), owner, *source))
    X, y, owners, places, version_rows = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    rows = np.column_stack([X, y.astype(np.float64)])
    hashes = np.array([hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows], dtype="S16")
    order = np.argsort(hashes, kind="stable")
    return X[order], y[order], owners[order], places[order], version_rows[order]


def _columns(table: pa.Table) -> dict[str, Array]:
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def _npy(array: Array) -> bytes:
    buffer = BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _path(sha256: str) -> str:
    return f"frozen/{sha256}.npy"


def _store(sha256: str, data: bytes) -> None:
    """Store an array under its content's hash; what is there already is kept if it is whole.

    A crash may have left half a file under the name: such a file is replaced.
    """
    path = _path(sha256)
    if default_storage.exists(path):
        if _sha256_of(path) == sha256:
            return
        default_storage.delete(path)
    default_storage.save(path, ContentFile(data))


def _read(sha256: str) -> Array:
    path = _path(sha256)
    if _sha256_of(path) != sha256:
        raise ValueError(f"The frozen array {path} is damaged.")
    try:
        # Memory-mapped: the workers of one machine share the pages.
        array: Array = np.load(default_storage.path(path), mmap_mode="r", allow_pickle=False)
    except NotImplementedError:  # object storage has no paths
        with default_storage.open(path, "rb") as stream:
            array = np.load(BytesIO(stream.read()), allow_pickle=False)
    return array


def _sha256_of(path: str) -> str:
    with default_storage.open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
