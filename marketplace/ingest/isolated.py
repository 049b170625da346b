"""Parquet files are read in a process of their own.

Arrow's Parquet reader ends the whole process on some files (an encrypted column behind a plain footer is enough), and a
forged page may ask for gigabytes. Here that costs the seller an error message instead of costing everybody the web
server. The child gets the open file, the schema and the limits, no environment, and bounds on memory and time; it
answers with one line of JSON, followed by the table as an Arrow stream when there is no problem.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import IO, BinaryIO

import pyarrow as pa

from marketplace.ingest.limits import Limits
from marketplace.ingest.parquet_table import REWRITE, read_parquet
from marketplace.ingest.problems import Problem, ProblemLog
from marketplace.ingest.schema import TableSchema

MEMORY_BYTES_MAX = 2_000_000_000
CPU_SECONDS_MAX = 30
WALL_SECONDS_MAX = 60
REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}


def read_parquet_isolated(stream: BinaryIO, schema: TableSchema, limits: Limits, log: ProblemLog) -> pa.Table | None:
    """Read and check a Parquet file in a child process; None when there are problems, which are logged."""
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as answer:
        stream.seek(0)
        shutil.copyfileobj(stream, file)
        file.flush()
        if not _run_child(file, answer, schema, limits):
            log.add(Problem("format-error", "The Parquet file cannot be read; it is damaged or encrypted.", REWRITE))
            return None
        answer.seek(0)
        found = json.loads(answer.readline())
        log.shown.extend(Problem(**problem) for problem in found["problems"])
        log.counts.update(found["counts"])
        return None if log else pa.ipc.open_stream(answer).read_all()


def _run_child(file: IO[bytes], answer: IO[bytes], schema: TableSchema, limits: Limits) -> bool:
    """Say whether the child ended well."""
    task = json.dumps({"schema": schema.to_json(), "limits": asdict(limits)})
    command = [sys.executable, "-m", "marketplace.ingest.isolated", str(file.fileno())]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            input=task.encode(),
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
    """Be the child: the open file is the descriptor named as the only argument, schema and limits come on stdin."""
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_CPU, CPU_SECONDS_MAX)
    _bound(resource.RLIMIT_DATA, MEMORY_BYTES_MAX)
    task, log = json.load(sys.stdin), ProblemLog()
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        table = read_parquet(file, TableSchema.from_json(task["schema"]), Limits(**task["limits"]), log)
    found = {"problems": [asdict(problem) for problem in log.shown], "counts": log.counts}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    if table is not None:
        with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
            writer.write_table(table)


def _bound(kind: int, most: int) -> None:
    """Limit this process for good; a stricter limit from outside stays."""
    _, hard = resource.getrlimit(kind)
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main()
