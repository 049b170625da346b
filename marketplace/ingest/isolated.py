"""Parquet files are read in a process of their own.

Arrow's Parquet reader ends the whole process on some files (an encrypted column behind a plain footer is enough), and a
forged page may ask for gigabytes. Here that costs the seller an error message instead of costing everybody the web
server. The child gets the open file and its task, no environment, and bounds on memory and time; it answers with one
line of JSON, followed by the table as an Arrow stream when one was asked for and there is no problem.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, BinaryIO

import pyarrow as pa

from marketplace.ingest.limits import Limits
from marketplace.ingest.parquet_table import REWRITE, peek_parquet, read_parquet
from marketplace.ingest.problems import Problem, ProblemLog
from marketplace.ingest.reading import Reading
from marketplace.ingest.schema import TableSchema

MEMORY_BYTES_MAX = 2_000_000_000
CPU_SECONDS_MAX = 30
WALL_SECONDS_MAX = 60
REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}


def read_parquet_isolated(
    stream: BinaryIO, schema: TableSchema, limits: Limits, log: ProblemLog, reading: Reading
) -> pa.Table | None:
    """Read and check a Parquet file in a child process; None when there are problems, which are logged."""
    task = {"schema": schema.to_json(), "limits": asdict(limits), "reading": reading.to_json()}
    with _answered(stream, task, log) as (_, answer):
        return None if log else pa.ipc.open_stream(answer).read_all()


def peek_parquet_isolated(
    stream: BinaryIO, limits: Limits, log: ProblemLog, rows: int, columns: int
) -> tuple[list[str], list[list[str]]]:
    """Return a Parquet file's labels and first cells as text, read by a child; empty when there are problems."""
    with _answered(stream, {"limits": asdict(limits), "peek": [rows, columns]}, log) as (found, _):
        return found.get("labels", []), found.get("rows", [])


@contextmanager
def _answered(stream: BinaryIO, task: dict[str, Any], log: ProblemLog) -> Iterator[tuple[dict[str, Any], IO[bytes]]]:
    """Let a child do a task; yields the JSON of its answer, and the answer's stream behind it."""
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as answer:
        stream.seek(0)
        shutil.copyfileobj(stream, file)
        file.flush()
        if not run_child("marketplace.ingest.isolated", task, file, answer):
            log.add(Problem("format-error", "The Parquet file cannot be read; it is damaged or encrypted.", REWRITE))
            yield {}, answer
            return
        answer.seek(0)
        found = json.loads(answer.readline())
        log.shown.extend(Problem(**problem) for problem in found["problems"])
        log.counts.update(found["counts"])
        yield found, answer


def run_child(module: str, task: dict[str, Any], file: IO[bytes], answer: IO[bytes]) -> bool:
    """Run a module of this package with an open file and a task, and say whether it ended well."""
    command = [sys.executable, "-m", module, str(file.fileno())]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            input=json.dumps(task).encode(),
            stdout=answer,
            stderr=subprocess.DEVNULL,
            pass_fds=[file.fileno()],
            env=ENVIRONMENT,
            cwd=REPOSITORY,
            timeout=WALL_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return child.returncode == 0


def main() -> None:
    """Be the child: the open file is the descriptor named as the only argument, its task comes on stdin."""
    bound_process()
    task, log = json.load(sys.stdin), ProblemLog()
    limits, table = Limits(**task["limits"]), None
    found: dict[str, Any] = {}
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        if "peek" in task:
            found["labels"], found["rows"] = peek_parquet(file, limits, log, *task["peek"])
        else:
            schema, reading = TableSchema.from_json(task["schema"]), Reading.from_json(task["reading"])
            table = read_parquet(file, schema, limits, log, reading)
    found |= {"problems": [asdict(problem) for problem in log.shown], "counts": log.counts}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    if table is not None:
        with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
            writer.write_table(table)


def bound_process() -> None:
    """Limit this process for good, in memory, time and what a crash may leave."""
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_CPU, CPU_SECONDS_MAX)
    _bound(resource.RLIMIT_DATA, MEMORY_BYTES_MAX)


def _bound(kind: int, most: int) -> None:
    """Limit this process for good; a stricter limit from outside stays."""
    _, hard = resource.getrlimit(kind)
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main()
