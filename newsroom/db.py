"""The one door to PostgreSQL: a pool, and ``transaction()`` as the only commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from newsroom.errors import Later, Misconfigured

Conn = Connection[DictRow]

CONNECT_TIMEOUT_S = 10


class Database:
    """A pool of connections that hand out dict rows in UTC.

    ``read_only`` connections refuse writes and cut statements at ``statement_timeout_s``;
    ``wait_s`` is how long a caller waits for a connection; ``role`` is taken on as one opens.
    Raises Misconfigured ``database-unreachable`` or ``roles-missing`` on open, Later
    ``database-away`` afterwards.
    """

    def __init__(
        self,
        url: str,
        *,
        size_max: int = 8,
        read_only: bool = False,
        statement_timeout_s: float | None = None,
        wait_s: float = CONNECT_TIMEOUT_S,
        role: str | None = None,
    ) -> None:
        options = ["-c timezone=UTC"]
        if role is not None:
            options.append(f"-c role={role}")
        if read_only:
            options.append("-c default_transaction_read_only=on")
        if statement_timeout_s is not None:
            options.append(f"-c statement_timeout={int(statement_timeout_s * 1000)}")
        self._pool: ConnectionPool[Conn] = ConnectionPool(
            url,
            min_size=1,
            max_size=size_max,
            open=False,
            timeout=wait_s,
            # Back-off doubles without end otherwise: a restarted server must be found in seconds.
            reconnect_timeout=wait_s,
            check=ConnectionPool.check_connection,
            kwargs={
                "row_factory": dict_row,
                "options": " ".join(options),
                "connect_timeout": max(2, int(wait_s)),
                "application_name": "newsroom",
            },
        )
        self._url = url
        self._role = role
        self._opened = False

    def open(self) -> Database:
        """Connect once to prove the address, then fill the pool."""
        try:
            with psycopg.connect(self._url, connect_timeout=CONNECT_TIMEOUT_S) as conn:
                if self._role is not None:
                    conn.execute("SELECT set_config('role', %s, false)", (self._role,))
        except (
            psycopg.errors.InvalidParameterValue,
            psycopg.errors.InsufficientPrivilege,
        ) as error:
            raise Misconfigured(
                "roles-missing",
                f"the database user cannot take on the role {self._role}: run `newsroom migrate`",
            ) from error
        except psycopg.OperationalError as error:
            line = str(error).strip().splitlines()[0]
            raise Misconfigured(
                "database-unreachable", f"cannot reach PostgreSQL at DATABASE_URL: {line}"
            ) from error
        self._pool.open(wait=True, timeout=CONNECT_TIMEOUT_S)
        self._opened = True
        return self

    def close(self) -> None:
        """Give every connection back to the server."""
        if self._opened:
            self._pool.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Conn]:
        """A connection inside one transaction: committed on success, rolled back on error."""
        try:
            with self._pool.connection() as conn:
                yield conn
        except (PoolTimeout, psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown) as error:
            raise Later("database-away", "PostgreSQL does not answer") from error
        except psycopg.errors.DiskFull as error:
            message = str(error).strip().splitlines()[0]
            raise Misconfigured("database-full", f"PostgreSQL's disk is full: {message}") from error
        except psycopg.OperationalError as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                raise Later("query-too-long", "the query ran into its time limit") from error
            raise Later("database-away", str(error).strip().splitlines()[0]) from error
