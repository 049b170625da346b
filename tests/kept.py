"""A world that is built once in a test process and put into the database of every test that asks for it."""

import shutil

from django.core.files.storage import default_storage
from django.db import connection, transaction


class Kept:
    """The rows and files that building a world left behind; the rows are PostgreSQL's own text of them."""

    def __init__(self, build, folder):
        """Build in a transaction that is taken back; `build` returns model instances, and stores files in `folder`."""
        self._folder = folder
        with transaction.atomic():
            before = _rows()
            self._built = [(type(instance), instance.pk) for instance in build()]
            added = {table: _added(before[table], rows, table) for table, rows in _rows().items()}
            transaction.set_rollback(True)
        self._rows = {table: rows for table, rows in added.items() if rows}

    def put(self):
        """Write the world where this test looks, and return what was built, read anew."""
        if self._folder.exists():
            shutil.copytree(self._folder, default_storage.location, dirs_exist_ok=True)
        with connection.cursor() as cursor:
            # Rows that passed every trigger when they were built are written as they are, in any order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self._rows.items():
                with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(rows)
            cursor.execute("SET LOCAL session_replication_role = origin")
        found = {
            model: model.objects.in_bulk([pk for of, pk in self._built if of is model]) for model, _ in self._built
        }
        return [found[model][pk] for model, pk in self._built]


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
    return b"".join(line for line in after if line not in known)
