"""Worlds in PostgreSQL: template databases. A fork is `CREATE DATABASE … TEMPLATE`; slower than pages by far."""

from greenroom.worlds.postgres.build import build
from greenroom.worlds.postgres.database import PostgresDatabase, PostgresSnapshot
from greenroom.worlds.postgres.server import Server

__all__ = ["PostgresDatabase", "PostgresSnapshot", "Server", "build"]
