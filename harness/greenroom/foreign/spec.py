"""The file of TOML that makes a foreign application an environment. Unknown keys are refused."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from greenroom.errors import UsageError
from greenroom.tasks import Split


class Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(Part):
    """A request that prepares something.

    Attributes:
        method: GET, POST, PUT, PATCH or DELETE.
        path: With its query; `{name}` stands for a value of the case, or for what an earlier call kept.
        body: Sent as JSON.
        keep: The answer's body goes by this name in what follows.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str
    body: Any = None
    keep: str = ""


class Health(Part):
    """When the application is ready: when it answers a path with a status below 500."""

    path: str = "/"
    seconds: float = 60.0


class Limits(Part):
    """How its containers run; the limits hold for each service of a compose file too.

    Attributes:
        environment: Variables; services of a compose file have their own.
        command: What is run instead of the image's own command; the same.
        user: Who runs it instead of the image's own user; the same.
        memory: At most, as Docker writes it.
        cpus: Cores, at most.
        pids: Processes and threads, at most.
        files: Open files of one process, at most.
        capabilities: Given back: all are dropped. A program that starts as root and becomes another user
            needs SETUID and SETGID.
    """

    environment: dict[str, str] = Field(default_factory=dict[str, str])
    command: list[str] | None = None
    user: str | None = None
    memory: str = "1g"
    cpus: float = 2.0
    pids: int = 256
    files: int = 4096
    capabilities: list[str] = Field(default_factory=list[str])


class Tools(Part):
    """Where the agent's tools come from.

    Attributes:
        openapi: A file beside this one, or a path of the application (it begins with `/`).
        include: The ids of the operations offered; all when empty.
        headers: Sent with every request; the agent never sees them.
        fixed: Parameters that always have this value; the agent never sees them.
    """

    openapi: str
    include: list[str] = Field(default_factory=list[str])
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    fixed: dict[str, Any] = Field(default_factory=dict[str, Any])


class Sql(Part):
    """How a query is asked: a command within the container that gets it as its last argument and prints JSON rows.

    Attributes:
        command: Such as `["sqlite3", "-json", "/data/app.db"]`.
        service: In which container of a compose file; the one that serves when empty.
    """

    command: list[str]
    service: str = ""


class Table(Part):
    """A part of the state, as rows: of a query, of a path's answer, or of a command's lines.

    Attributes:
        sql: A query; its rows are objects.
        http: A path; its answer is a list of objects, or one object.
        run: A command in the container; each line that it prints is a row.
        key: Columns that name a row, so that a changed row is an update; without, it is a deletion and an insertion.
    """

    sql: str = ""
    http: str = ""
    run: list[str] = Field(default_factory=list[str])
    key: list[str] = Field(default_factory=list[str])

    @model_validator(mode="after")
    def _one_source(self) -> "Table":
        if sum(map(bool, (self.sql, self.http, self.run))) != 1:
            raise ValueError("give exactly one of sql, http and run")
        return self


class Act(Part):
    """One tool call of a script.

    Attributes:
        tool: The operation's id.
        arguments: Its arguments.
    """

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])


class Script(Part):
    """What an agent does: calls, then something said to the user."""

    calls: list[Act] = Field(default_factory=list[Act])
    say: str = "Done."


class RowWanted(Part):
    """A row that must be there, be changed, or be gone: the table of the probe, its key, its values."""

    table: str
    key: Any = None
    values: dict[str, Any] = Field(default_factory=dict[str, Any])


class HttpCheck(Part):
    """What the application must answer in the end.

    Attributes:
        path: Asked with the tools' headers.
        at: A JSON pointer into the answer; the whole of it when empty.
        equals: What is there.
    """

    path: str
    at: str = ""
    equals: Any


class SqlCheck(Part):
    """What a query must find in the end: its rows, as lists of values."""

    query: str
    equals: list[list[Any]]


class Verify(Part):
    """When an episode has succeeded: these changes and no others, these facts told, these answers given."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    inserted: list[RowWanted] = Field(default_factory=list[RowWanted])
    updated: list[RowWanted] = Field(default_factory=list[RowWanted])
    deleted: list[RowWanted] = Field(default_factory=list[RowWanted])
    said: list[str] = Field(default_factory=list[str])
    unsaid: list[str] = Field(default_factory=list[str])
    http: list[HttpCheck] = Field(default_factory=list[HttpCheck])
    sql: list[SqlCheck] = Field(default_factory=list[SqlCheck])


class Family(Part):
    """A family of tasks: one text, and a case for each task.

    Attributes:
        name: Its name.
        requests: Wordings of the user's opening.
        intent: What kind of request it is.
        needs: What a final answer must hold: `number`, `date`, `done` or `text`.
        setup: Calls that prepare the task's start.
        tools: The operations offered; all of the application's when empty.
        solution: The oracle.
        slips: Plausible mistakes.
        excess: One destructive act that the task does not want.
        verify: When it has succeeded.
        max_steps: After so many assistant messages the episode is truncated.
        cases: By split, the values that `{name}` stands for; task number i takes case i, and begins again after the
            last. A split that is not named has those of `train`.
    """

    name: str
    requests: list[str] = Field(min_length=1)
    intent: str = "do"
    needs: str = "done"
    setup: list[Call] = Field(default_factory=list[Call])
    tools: list[str] = Field(default_factory=list[str])
    solution: Script
    slips: list[Script] = Field(default_factory=list[Script])
    excess: Act
    verify: Verify
    max_steps: int = 12
    cases: dict[Split, list[dict[str, Any]]] = Field(default_factory=dict[Split, list[dict[str, Any]]])

    def case(self, split: Split, index: int) -> dict[str, Any]:
        """The values of one task."""
        cases = self.cases.get(split) or self.cases.get(Split.TRAIN) or [{}]
        return cases[index % len(cases)]


class ContainerApp(Part):
    """A foreign application: an image, and what greenroom must know of it. Read it with `ContainerApp.load`.

    Attributes:
        name: Its tools begin with it.
        summary: One line, for people.
        policy: What the agent is told at the start.
        image: An image that is there. Or:
        compose: A compose file beside this one, and
        service: its service that serves.
        port: Where it serves within the container; published on loopback. Or:
        socket: the unix socket that it serves at, in a folder of its own: then it has no network at all.
        snapshot: What is done while a container is committed: `pause`, or `stop` for one that writes only when it ends.
        health: When it is ready.
        container: How it runs.
        tools: Where the tools come from.
        sql: How a query is asked.
        probe: The state, table by table: what proves that forks are the same, and what changes are read from.
        incidental: Columns by table whose change is never held against an agent.
        populate: Calls that fill it once; what comes of them is kept as an image.
        family: The families of tasks.
        folder: Where the file lies.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    summary: str = ""
    policy: str = ""
    image: str = ""
    compose: str = ""
    service: str = ""
    port: int = 0
    socket: str = ""
    snapshot: Literal["pause", "stop"] = "pause"
    health: Health = Health()
    container: Limits = Limits()
    tools: Tools
    sql: Sql | None = None
    probe: dict[str, Table] = Field(min_length=1)
    incidental: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    populate: list[Call] = Field(default_factory=list[Call])
    family: list[Family] = Field(min_length=1)
    folder: Path = Path()

    @model_validator(mode="after")
    def _fits(self) -> "ContainerApp":
        if bool(self.image) == bool(self.compose):
            raise ValueError("give an image or a compose file, one of them")
        if bool(self.port) == bool(self.socket):
            raise ValueError("give the port or the unix socket that it serves at, one of them")
        if self.compose and not (self.service and self.port):
            raise ValueError("a compose file needs the service and the port that serve")
        asks = any(table.sql for table in self.probe.values()) or any(family.verify.sql for family in self.family)
        if asks and self.sql is None:
            raise ValueError("queries need to know how they are asked: add [sql] with its command")
        return self

    @classmethod
    def load(cls, path: Path) -> "ContainerApp":
        """Read the file.

        Raises:
            UsageError: It is not there, no TOML, or something in it does not fit; says where.
        """
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls.model_validate({**found, "folder": path.resolve().parent})
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from error
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, p['loc'])) or 'file'}: {p['msg']}" for p in error.errors()]
            raise UsageError(f"{path} describes no application: {'; '.join(problems)}") from None
