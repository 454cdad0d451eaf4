"""What an app's SQL may not say in a world: the first of two nets, which gives the reason in words.

The second one cannot be got round by spelling: the apps' role may not execute the functions that are named here, not
change the schema, not write the change log (`greenroom.worlds.postgres.rules`). What is left to this net alone are
keywords such as CURRENT_TIMESTAMP and literals such as 'now', which are no functions; who hides those from it is found
by `greenroom check`, because a group's ids are hashes of rows, and two runs would end in two.
"""

import re
from functools import lru_cache

from greenroom.errors import WorldError

# Each name is a regular expression, in Python's words and in PostgreSQL's.
CHANCE = ("random", "random_normal", "setseed", "gen_random_uuid", "uuidv4", "uuidv7")
CLOCKS = (
    "now",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "pg_postmaster_start_time",
    "pg_conf_load_time",
    r"pg_timezone_\w+",
)
SETTINGS = (
    "set_config",
    "pg_notify",
    r"pg_sleep(_for|_until)?",
    # Rows that no table has, so that no page id would see them.
    r"lo_(close|creat|create|export|from_bytea|get|import|open|put|unlink|(lseek|tell|truncate)(64)?)",
    "loread",
    "lowrite",
    # They run SQL that comes as a text.
    r"query_to_xml\w*",
    "ts_stat",
)
# One server has many worlds: what tells of the others or of the server, or disturbs them.
SERVER = (
    r"pg_(terminate|cancel)_backend",
    r"pg_(try_)?advisory_\w+",
    r"pg_stat_\w+",
    r"pg_lock_status",
    r"pg_(safe_snapshot_)?blocking_pids",
    "pg_backend_pid",
    r"inet_(client|server)_(addr|port)",
    r"txid_\w+",
    r"pg_current_(xact_id\w*|snapshot|wal\w*)",
    "pg_export_snapshot",
    r"pg_logical_\w+",
    "mxid_age",
    r"pg_(prepared_xact|prepared_statement|cursor|listening_channels|show_all_settings)",
    r"pg_(relation_filenode|relation_filepath|filenode_relation|tablespace_databases)",
)
VIEWS = (
    r"pg_stat(io)?_\w+",
    r"pg_(locks|cursors|prepared_xacts|prepared_statements|settings|database|shdepend|largeobject_metadata)",
    r"pg_replication_\w+",
    r"pg_timezone_\w+",
)
ALLOWED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE", "MERGE", "EXPLAIN", "SHOW")
_SAVEPOINT = re.compile(r"(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) \w+", re.IGNORECASE)
_TEXTS = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CHANCE = re.compile(rf"\b({'|'.join(CHANCE)})\"?\s*\(|\bTABLESAMPLE\b", re.IGNORECASE)
_CLOCK = re.compile(
    rf"\b({'|'.join(CLOCKS)})\"?\s*\(|^\s*EXPLAIN\s*(ANALY[SZ]E\b|\([^)]*\b(ANALY[SZ]E|SUMMARY)\b)|"
    rf"\b(CURRENT_(TIMESTAMP|DATE|TIME)|LOCALTIME(STAMP)?)\b",
    re.IGNORECASE,
)
_WORDS = r"'\s*(now|today|tomorrow|yesterday)\s*'"
_DATED = re.compile(
    rf"{_WORDS}\s*::\s*\"?(date|time)|\b(date|time|timestamp|timestamptz|timetz)\s+{_WORDS}|"
    rf"cast\s*\(\s*{_WORDS}\s+as\s+(date|time)",
    re.IGNORECASE,
)
_SETTING = re.compile(rf"\b({'|'.join(SETTINGS)})\"?\s*\(", re.IGNORECASE)
_SERVER = re.compile(rf"\b({'|'.join(SERVER)})\"?\s*\(|\b({'|'.join(VIEWS)})\b", re.IGNORECASE)
_OWN = re.compile(r"\bgreenroom_\w+", re.IGNORECASE)


def is_savepoint(sql: str) -> bool:
    """Whether a statement is one of those by which `session.begin_nested()` works."""
    return _SAVEPOINT.fullmatch(sql.strip()) is not None


@lru_cache(maxsize=4096)
def refusal(sql: str) -> str | None:
    """Why a statement may not run in a world; None when it may.

    Args:
        sql: One statement, as the app or SQLAlchemy wrote it.
    """
    if is_savepoint(sql):
        return None
    bare = _TEXTS.sub(" ", sql)
    first = (bare.split() or [""])[0].strip("(;").upper()
    if first in ("COMMIT", "END", "ROLLBACK", "ABORT", "BEGIN", "START", "PREPARE"):
        return "an app ended its transaction by SQL: greenroom begins and ends them"
    if first not in ALLOWED:
        return f"'{first}' is refused in a world: tools read and write rows; the schema is made with the app's models"
    if _CHANCE.search(bare):
        return "SQL's random() and its like are refused in a world: draw from world.random"
    if _CLOCK.search(bare) or _DATED.search(sql):
        return (
            "SQL's now(), CURRENT_TIMESTAMP and 'now', and EXPLAIN with times, are refused in a world: pass world.now"
        )
    if _SETTING.search(bare) or _OWN.search(bare):
        return "greenroom's own tables, settings and waiting are refused in a world: use what `world` offers"
    if _SERVER.search(bare):
        return "what tells of the server or of other worlds on it is refused in a world: use its own tables"
    return None


def check(sql: str) -> None:
    """Let a statement pass.

    Raises:
        WorldError: It may not run in a world.
    """
    reason = refusal(sql)
    if reason:
        raise WorldError(reason)
