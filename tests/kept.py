"""A world that is built once in a test process and put into the database of every test that asks for it."""

import shutil
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import connection, transaction


class Kept:
    """The rows and files that building a world left behind; the rows are PostgreSQL's own text of them."""

    def __init__(self, build, folder):
        """Build in a transaction that is taken back; `build` returns model instances, and stores files in `folder`."""
        self.folder = Path(folder)
        with transaction.atomic():
            before = _rows()
            self._built = [(type(instance), instance.pk) for instance in build()]
            self._rows = {table: _added(before[table], rows, table) for table, rows in _rows().items()}
            transaction.set_rollback(True)

    def put(self):
        """Write the world where this test looks, and return what was built, read anew."""
        if self.folder.exists():
            shutil.copytree(self.folder, default_storage.location, dirs_exist_ok=True)
        with connection.cursor() as cursor:
            # Rows that passed every trigger when they were built are written as they are, in any order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self._rows.items():
                if rows:
                    with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                        copy.write(b"".join(rows))
            cursor.execute("SET LOCAL session_replication_role = origin")
        return tuple(model.objects.get(pk=pk) for model, pk in self._built)


def _rows():
    """The lines of every table."""
    with connection.cursor() as cursor:
        return {table: _lines(cursor, table) for table in connection.introspection.table_names(cursor)}


def _lines(cursor, table):
    with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(bytes(part) for part in copy).splitlines(keepends=True)


def _added(before, after, table):
    """The lines that building added; it may not have changed what every database has from the start."""
    assert set(before) <= set(after), f"The world changes rows of {table} that were there before it."
    known = set(before)
    return [line for line in after if line not in known]
