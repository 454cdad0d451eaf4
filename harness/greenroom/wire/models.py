"""What REST takes and answers, for OpenAPI. The WebSocket carries the same shapes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, JsonValue, model_validator

from greenroom.app import App
from greenroom.faults import PROFILES
from greenroom.wire.protocol import PIECE, WorldSpec

Name = Annotated[str, Field(min_length=1, max_length=512)]
STEPPED, SAID = 4096, 10_000
"""Tool calls of all steps of a body, and of all messages of a conversation: to look at 65,536 keeps others waiting."""


class _Strict(BaseModel):
    """Refuses what it does not know: at once, for to complain of each of a million fields takes seconds."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _no_flood(cls, data: Any) -> Any:
        known = cls.model_fields
        if isinstance(data, dict) and len(data) > len(known):  # pyright: ignore[reportUnknownArgumentType]
            unknown = next(str(name) for name in data if name not in known)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            raise ValueError(f"there is no field '{unknown[:80]}'; there is: {', '.join(known)}")
        return data  # pyright: ignore[reportUnknownVariableType]


class World(_Strict):
    """Which worlds: see `WorldSpec`."""

    size: Literal["small", "medium", "large"] = "small"
    seed: Annotated[int, Field(ge=-(1 << 53), le=1 << 53)] = 0
    faults: Annotated[str, Field(json_schema_extra={"enum": list[JsonValue](sorted(PROFILES))})] = "none"
    fault_seed: Annotated[int, Field(ge=-(1 << 53), le=1 << 53)] = 0
    all_tools: bool = False

    def spec(self) -> WorldSpec:
        """The same, as the rest of the server has it."""
        return WorldSpec(**self.model_dump())


class Place(_Strict):
    """An app and a kind of world; the app may be left out where one is served."""

    app: Name | None = None
    world: World = World()


class Prepare(Place):
    """Make a task's start."""

    task: Name


class Reset(Prepare):
    """Make a task's start and fork it n times."""

    n: Annotated[int, Field(ge=1, le=1024)] = 1


class Open(Reset):
    """Fork a snapshot n times."""

    snapshot: Name


class Download(Place):
    """Fetch a piece of a snapshot's portable file."""

    snapshot: Name
    offset: Annotated[int, Field(ge=0, le=1 << 53)] = 0


class Upload(Download):
    """Send a piece of a portable file; pieces come in order."""

    content: Name
    size: Annotated[int, Field(ge=1, le=1 << 53)]
    data: Annotated[str, Field(min_length=1, max_length=2 * PIECE)]


class Function(_Strict):
    """Which tool, and its arguments as a JSON text."""

    name: str
    arguments: str


class Call(_Strict):
    """A tool call, as in the OpenAI API."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class Step(_Strict):
    """The calls of one assistant message, for one episode."""

    episode: Name
    calls: Annotated[list[Call], Field(max_length=64), FailFast()]


class Steps(_Strict):
    """Many episodes' steps; 4,096 calls together at most."""

    steps: Annotated[list[Step], Field(max_length=1024), FailFast()]

    @model_validator(mode="before")
    @classmethod
    def _few_calls(cls, data: Any) -> Any:
        return _few(data, "steps", "calls", STEPPED)


class ChatMessage(BaseModel):
    """A chat message, as in the OpenAI API."""

    model_config = ConfigDict(extra="allow", strict=True)
    role: Literal["system", "user", "assistant", "tool"]
    content: str | None
    tool_calls: Annotated[list[Call] | None, Field(max_length=10_000)] = None
    tool_call_id: str | None = None


class Conversation(_Strict):
    """What was said; 10,000 tool calls together at most."""

    messages: Annotated[list[ChatMessage], Field(max_length=10_000), FailFast()]

    @model_validator(mode="before")
    @classmethod
    def _few_calls(cls, data: Any) -> Any:
        return _few(data, "messages", "tool_calls", SAID)


def _few(data: Any, items: str, inner: str, most: int) -> Any:
    """The same, if its items have so few inner ones together; what has another shape is complained of later."""
    found = data.get(items) if isinstance(data, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    lists = [item.get(inner) for item in found if isinstance(item, dict)] if isinstance(found, list) else []  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    count = sum(len(one) for one in lists if isinstance(one, list))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if count > most:
        raise ValueError(f"all {items} have {count} {inner} together; {most} is the most: send several requests")
    return data  # pyright: ignore[reportUnknownVariableType]


# -- answers


class Failure(BaseModel):
    """Why not."""

    code: str
    message: str
    retry_after: float | None = None


class Failed(BaseModel):
    """An error."""

    error: Failure


class Health(BaseModel):
    """Whether a plane is up."""

    status: Literal["ok"] = "ok"


class Served(BaseModel):
    """One app that is served."""

    app: str
    summary: str
    families: list[str]

    @classmethod
    def of(cls, app: App) -> "Served":
        """What is said of an app."""
        return cls(app=app.name, summary=app.summary, families=list(app.playable))


class ServerState(BaseModel):
    """What a worker is and has running."""

    version: int
    server: str
    worker: int
    workers: list[dict[str, Any]]
    limits: dict[str, Any]
    running: dict[str, Any]
    apps: list[Served]


class Tools(BaseModel):
    """Tool schemas, as in the OpenAI API."""

    tools: list[dict[str, Any]]


class Families(BaseModel):
    """Task families."""

    families: list[str]


class PieceAnswer(BaseModel):
    """A piece of a file as base64, and what the whole is."""

    snapshot: str
    content: str
    size: int
    offset: int
    data: str


class UploadAnswer(BaseModel):
    """How much of a file is there, and whether the snapshot was found sound and is kept."""

    have: int
    done: bool


class BriefAnswer(BaseModel):
    """A task: see `Brief`."""

    task: str
    snapshot: str
    goal: dict[str, Any]
    tools: list[dict[str, Any]]
    policy: str
    max_steps: int
    solution: list[dict[str, Any]]
    slips: list[list[dict[str, Any]]]
    excess: dict[str, Any]
    level: int


class StartedAnswer(BaseModel):
    """An episode: its name, the id of its world, its agent's token."""

    episode: str
    state: str
    token: str


class Opened(BaseModel):
    """Episodes."""

    opened: list[StartedAnswer]


class ResetAnswer(Opened):
    """A group."""

    brief: BriefAnswer


class StepAnswer(BaseModel):
    """What came of a step."""

    messages: list[dict[str, Any]]
    now: str
    refused: int
    faults: list[dict[str, Any]]


class Later(BaseModel):
    """A step that was not run, since the answers before it are large: it is to be asked for again."""

    later: Literal[True]


class StepsAnswer(BaseModel):
    """What came of each step: a result, or an error of its own; or nothing yet."""

    results: list[StepAnswer | Failed | Later]


class VerdictAnswer(BaseModel):
    """A score."""

    score: float
    findings: list[str]


class SnapshotAnswer(BaseModel):
    """A snapshot."""

    snapshot: str


class ContentAnswer(BaseModel):
    """A content id."""

    content: str


class ToolAnswer(BaseModel):
    """What a tool answered: what the agent reads, whether the app refused, and the virtual time."""

    content: str
    refused: bool
    now: str
