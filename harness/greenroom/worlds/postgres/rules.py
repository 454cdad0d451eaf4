"""The rules inside a world's database, made once with its base: who may do what, and how changes are recorded.

Apps' SQL runs as a role that owns nothing. It may read and write rows; each write fires a trigger that runs as the
owner and notes the row in the change log, which that role cannot write, and whose actor it cannot set.
"""

import hashlib
from collections.abc import Iterable, Iterator

from greenroom.worlds.postgres.guard import CHANCE, CLOCKS, SERVER, SETTINGS, VIEWS
from greenroom.worlds.state import ON_DEMAND, TABLES

VERSION = 3  # Of what is made in each base; bases of another version are not used.
LOG = "greenroom_change"
# The functions that PostgreSQL itself does not call pure, and that apps may call all the same.
SEQUENCES = ("nextval", "currval", "lastval", "setval", "pg_sequence_last_value")
SETTINGS_OF_ROLE = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "search_path": "public",
    "synchronous_commit": "off",
    # What the planner may vary would vary the order of rows that no ORDER BY asks for.
    "synchronize_seqscans": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}

RECORD = """
CREATE FUNCTION greenroom_record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO greenroom_change(id, actor, op, name, before, after)
  SELECT coalesce(max(id), 0) + 1, (SELECT actor FROM greenroom_actor), lower(TG_OP), TG_TABLE_NAME,
    CASE WHEN TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_OP <> 'DELETE' THEN NEW::text END
  FROM greenroom_change;
  RETURN NULL;
END $$
"""
# The next number is the one after the greatest there is, as in SQLite, whoever gave that: rows may bring their own.
# A function for each table, whose plan is kept: a base may have a million rows, inserted by as many statements.
NUMBER = """
CREATE FUNCTION "greenroom_number_{number}"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE most bigint;
BEGIN
  SELECT max("{column}") FROM "{table}" INTO most;
  PERFORM setval('{sequence}', coalesce(most, 1), most IS NOT NULL);
  RETURN NULL;
END $$
"""
NUMBERED = (
    'SELECT t.relname AS "table", a.attname AS "column", quote_ident(s.relname) AS "sequence" FROM pg_depend d '
    "JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_class t ON t.oid = d.refobjid "
    "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid "
    "WHERE d.deptype IN ('a', 'i') AND t.relnamespace = 'public'::regnamespace ORDER BY 1, 2"
)
"""The query of the columns that sequences number, each with its table and sequence."""
# A transaction that is rolled back does not take back what its sequences have given out.
RENUMBER = f"""
  DECLARE seen record;
  BEGIN
    FOR seen IN {NUMBERED} LOOP
      EXECUTE format('SELECT setval(%L, coalesce(max(%I), 1), max(%I) IS NOT NULL) FROM %I',
        seen.sequence, seen.column, seen.column, seen.table);
    END LOOP;
  END
"""
GUARDED = """
CREATE FUNCTION {name}({arguments}key text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF encode(sha256(convert_to(key, 'UTF8')), 'hex') <> '{digest}' THEN
    RAISE EXCEPTION 'only greenroom may do this';
  END IF;
  {body};
END $$
"""


def translated(sql: str) -> str:
    """SQL of greenroom's own, which is written for SQLite, as PostgreSQL has it."""
    return sql.replace("?", "%s").replace(" WITHOUT ROWID", "").replace("INTEGER", "BIGINT")


def own_tables() -> Iterator[str]:
    """greenroom's own tables, those that SQLite makes on demand included, and whose turn it is."""
    yield from map(translated, (*TABLES, *ON_DEMAND))
    yield "CREATE TABLE greenroom_actor(actor TEXT NOT NULL)"
    yield "INSERT INTO greenroom_actor VALUES ('world')"


def functions(key: str) -> Iterator[str]:
    """How greenroom sets the actor, empties the log and counts anew; the key is what apps' SQL does not have."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    yield RECORD
    yield GUARDED.format(
        name="greenroom_act", arguments="who text, ", digest=digest, body="UPDATE greenroom_actor SET actor = who"
    )
    yield GUARDED.format(name="greenroom_clear", arguments="", digest=digest, body="DELETE FROM greenroom_change")
    yield GUARDED.format(name="greenroom_renumber", arguments="", digest=digest, body=RENUMBER)


def numbering(numbered: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """What keeps the numbers that sequences give to those of the rows, by table, column and sequence."""
    for number, (table, column, sequence) in enumerate(numbered):
        yield NUMBER.format(number=number, table=table, column=column, sequence=sequence)
        yield (
            f'CREATE TRIGGER greenroom_number AFTER INSERT OR DELETE OR UPDATE OF "{column}" ON "{table}" '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "greenroom_number_{number}"()'
        )


def grants(role: str) -> Iterator[str]:
    """What the role that apps' SQL runs as may do in a world."""
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON {LOG}, greenroom_actor, greenroom_table FROM {role}"


def impure_functions() -> str:
    """The query of the signatures of all functions that no app may call.

    All that are volatile, whatever a server's version has of them, and by name those that are not the same in two
    worlds though they are within a statement.
    """
    names = "|".join((*CHANCE, *CLOCKS, *SETTINGS, *SERVER))
    kept = ", ".join(f"'{name}'" for name in SEQUENCES)
    return (
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace "
        f"AND ((provolatile = 'v' AND proname NOT IN ({kept})) OR proname ~ '^({names})$' "
        # age() of one argument counts from today, or from the server's last transaction.
        "OR (proname = 'age' AND pronargs = 1))"
    )


def shared_views() -> str:
    """The query of the server's own tables and views that no app may read."""
    return (
        "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') "
        f"AND relname ~ '^({'|'.join(VIEWS)})$'"
    )


def triggers(tables: Iterable[str]) -> Iterator[str]:
    """What records the changes of the apps' tables, made when they have been populated."""
    for table in tables:
        yield (
            f'CREATE TRIGGER greenroom_record AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION greenroom_record()"
        )
        # A vacuum in the middle would move rows, and with them the order of what no ORDER BY asks for.
        yield f'ALTER TABLE "{table}" SET (autovacuum_enabled = false)'
