"""`greenroom play`: be the agent, or the user, in a terminal. Lines come from standard input, scripts' too."""

import asyncio
import difflib
import json
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from greenroom.cli.conversation import fault_told, print_line, show_message
from greenroom.cli.options import FaultSeedOption, FaultsOption, SeedOption, SplitOption, UserOption, WorldOption
from greenroom.cli.output import console
from greenroom.errors import UnknownNameError, UsageError
from greenroom.messages import Message, assistant, call

if TYPE_CHECKING:
    from greenroom.episode import Episode
    from greenroom.policy import Policy
    from greenroom.sandbox import Brief, Sandbox
    from greenroom.tasks import Goal
    from greenroom.users import UserState, UserTurn

ROLES = ("agent", "user")
# What is quoted already is passed over; else a name before a list or an object.
JSON_VALUE = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|(?:^|(?<=\s))(?P<name>\w+)=(?=[\[{])""")
HELP = """\
TOOL name=value …    call a tool; values are JSON, or plain text: search query="order 12" limit=3
TOOL {"name": …}     the same, all arguments as JSON
anything else        is said to the user; begin with a space if it looks like a tool
:tools  :tool NAME   what there is; what a tool takes
:task                what the user wants, and how it is solved (a spoiler)
:step  :help  :quit"""


def play(
    app: Annotated[str, typer.Argument(help="An installed environment, or several: mail+shop.")],
    role: Annotated[str, typer.Option("--as", help="Whom to be: agent or user.")] = "agent",
    task: Annotated[str | None, typer.Option("--task", help="A task's id, such as mail/train/forward/3.")] = None,
    family: Annotated[str | None, typer.Option("--family", help="A task of this family.")] = None,
    split: SplitOption = "train",
    world: WorldOption = "small",
    user: UserOption = "goal",
    policy: Annotated[str, typer.Option("--policy", help="Who is the agent when you are the user.")] = "oracle",
    all_tools: Annotated[bool, typer.Option("--all-tools", help="Offer all tools, not only the task's.")] = False,
    faults: FaultsOption = "none",
    fault_seed: FaultSeedOption = 0,
    seed: SeedOption = 0,
) -> None:
    """Play one episode by hand: as the agent, with the tools, or as the user, with a goal.

    Exit code: 0 when it was solved, 1 when not, 2 for bad input.
    """
    from greenroom.app import parse_split
    from greenroom.episode import Episode
    from greenroom.plugins import load_app, load_simulator
    from greenroom.rollouts import load_policy
    from greenroom.sandboxes.local import LocalSandbox

    if role not in ROLES:
        raise UnknownNameError("role", role, ROLES)
    sandbox = LocalSandbox(load_app(app), world, faults=faults, fault_seed=fault_seed, all_tools=all_tools)
    brief = sandbox.prepare(task or _draw(sandbox, str(parse_split(split)), family, seed))
    if role == "agent":
        seat = Agent(Episode.start(sandbox, brief, load_simulator(user), seed), lines("agent> "))
    else:
        seat = Person(sandbox, brief, load_policy(policy), seed, lines("user> ", keep_empty=True))
    if not seat.play():
        raise typer.Exit(1)


def _draw(sandbox: "Sandbox", split: str, family: str | None, seed: int) -> str:
    """The task with the seed's number, of the family or of each in turn."""
    families = sandbox.families()
    if family is not None and family not in families:
        raise UnknownNameError("task family", family, families)
    name = family or families[seed % len(families)]
    return f"{sandbox.app}/{split}/{name}/{seed if family else seed // len(families)}"


class Agent:
    """A person in the agent's seat.

    Args:
        episode: The episode, just begun.
        typed: The lines of the person.
    """

    def __init__(self, episode: "Episode", typed: Iterable[str]) -> None:
        self._episode, self._typed = episode, typed
        self._tools: dict[str, Any] = {tool["function"]["name"]: tool["function"] for tool in episode.brief.tools}
        self._faults: list[str] = []

    def play(self) -> bool:
        """Play until the episode ends or the lines do; returns whether it was solved."""
        for message in self._episode.messages:
            show_message(cast(Any, message))
        print_line("", f"{len(self._tools)} tools: {', '.join(self._tools)}. Type :help for how to use them.", "dim")
        for line in self._typed:
            if line.startswith(":"):
                if line == ":quit":
                    break
                self._command(line[1:])
            elif self._act(line):
                break
        return self._end()

    def _act(self, line: str) -> bool:
        """Do what a line says; returns whether the episode is over."""
        try:
            message = self.read(line)
        except UsageError as error:
            print_line("", str(error), "red")
            return False
        outcome = self._episode.step(message)
        self._faults += [f"step {self._episode.steps}: {fault_told(f.to_json())}" for f in outcome.faults]
        for new in outcome.messages:
            show_message(cast(Any, new))
        if outcome.truncated:
            print_line("", f"All {self._episode.steps} steps of this task are used up.", "dim")
        return outcome.done

    def read(self, line: str) -> Message:
        """The assistant message that a line stands for.

        Raises:
            UsageError: It begins like a call but is none.
        """
        first, _, rest = line.partition(" ")
        name = self._named(first)
        if name is None:
            self._guard_typo(first, rest)
        return assistant(None, call(name, **arguments(rest, self._tools[name]))) if name else assistant(line.strip())

    def _named(self, word: str) -> str | None:
        """The tool that a word names, with or without its app's name."""
        if word in self._tools:
            return word
        short = [name for name in self._tools if name.partition("_")[2] == word]
        if len(short) > 1:
            raise UsageError(f"'{word}' could be {' or '.join(short)}: write its full name")
        app = word.partition("_")[0]
        if not short and "_" in word and any(name.startswith(f"{app}_") for name in self._tools):
            raise UnknownNameError("tool", word, self._tools)
        return short[0] if short else None

    def _guard_typo(self, word: str, rest: str) -> None:
        """Ask again before a mistyped call is said to the user."""
        short = {name.partition("_")[2]: name for name in self._tools}
        near = difflib.get_close_matches(word, short, n=1, cutoff=0.8)
        near += [name for name in short if name.startswith(f"{word}_")][:1]
        if re.match(r"\w+=|\{", rest) or (near and len(rest.split()) < 2):
            hint = f"did you mean '{near[0]}'?" if near else "type :tools for those there are."
            raise UsageError(f"no tool '{word}'; {hint} To say it to the user, begin with a space")

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        match name:
            case "tools":
                for tool in self._tools.values():
                    print_line("", f"{tool['name']}: {tool['description'].splitlines()[0]}", "")
            case "tool":
                self._describe(rest.strip())
            case "task":
                self._spoil()
            case "step":
                print_line("", f"step {self._episode.steps} of {self._episode.brief.max_steps}", "")
            case _:
                print_line("", HELP, "")

    def _describe(self, word: str) -> None:
        try:
            name = self._named(word)
        except UsageError:
            name = None
        tool = self._tools.get(name or "")
        text = json.dumps(tool, indent=2, ensure_ascii=False) if tool else f"no tool '{word}'; type :tools"
        print_line("", text, "")

    def _spoil(self) -> None:
        brief = self._episode.brief
        print_line("task", brief.task, "bold")
        print_line("goal", json.dumps(brief.goal, indent=2, ensure_ascii=False), "bold")
        for message in brief.solution:
            show_message(cast(Any, message))

    def _end(self) -> bool:
        verdict = self._episode.verify()
        self._episode.close()
        for fault in self._faults:
            print_line("", fault, "dim")
        return show_verdict(verdict.score, verdict.findings)


class Person:
    """A person in the user's seat; a policy is the agent.

    Args:
        sandbox: Where the app runs.
        brief: The task.
        policy: Who is the agent.
        seed: The policy's seed.
        typed: The lines of the person.
    """

    def __init__(self, sandbox: "Sandbox", brief: "Brief", policy: "Policy", seed: int, typed: Iterable[str]) -> None:
        self._sandbox, self._brief, self._policy, self._seed = sandbox, brief, policy, seed
        self._user = Typed(typed)

    def play(self) -> bool:
        """Play until the person says goodbye or the step limit ends it; returns whether it was solved."""
        return asyncio.run(self._converse())

    async def _converse(self) -> bool:
        from greenroom.episode import Episode
        from greenroom.policy import EpisodeStart

        brief = self._brief
        episode = Episode.start(self._sandbox, brief, self._user, self._seed)
        start = EpisodeStart(
            task=brief.task,
            messages=tuple(episode.messages),
            tools=brief.tools,
            seed=self._seed,
            max_steps=brief.max_steps,
            solution=brief.solution,
            slips=brief.slips,
        )
        session = self._policy.session(start)
        new: Sequence[Message] = tuple(episode.messages)
        done = False
        while not done:
            message = await session.act(new)
            show_message(cast(Any, message))
            outcome = episode.step(message)
            new, done = outcome.messages, outcome.done
            for result in (m for m in new if m["role"] == "tool"):
                show_message(cast(Any, result))
        verdict = episode.verify()
        session.close()
        episode.close()
        if (close := getattr(self._policy, "aclose", None)) is not None:
            await close()
        return show_verdict(verdict.score, verdict.findings)


class Typed:
    """A user simulator that is a person: each turn is a line; an empty one, or the end of the lines, is goodbye.

    Args:
        typed: The lines.
    """

    name = "typed"

    def __init__(self, typed: Iterable[str]) -> None:
        self._typed = iter(typed)

    def open(self, goal: "Goal", seed: int) -> "UserTurn":
        """Show the goal, and read the opening."""
        print_line("you want", f"{goal.intent}, such as: {goal.requests[0]}", "bold")
        for fact in goal.facts:
            when = "say it at once" if fact.at_once else "only when asked"
            print_line("", f"{fact.key}: {fact.value} ({when})", "")
        print_line("", "An empty line ends the conversation.", "dim")
        return self._turn()

    def reply(self, state: "UserState", messages: Sequence[Message]) -> "UserTurn":
        """Read the answer."""
        return self._turn()

    def _turn(self) -> "UserTurn":
        from greenroom.users import UserTurn

        line = next(self._typed, "").strip()
        return UserTurn(text=line or "Goodbye.", state={}, ends=not line, act="typed")


def lines(prompt: str, *, keep_empty: bool = False) -> Iterator[str]:
    """Lines of standard input until its end; prompted for, with editing, where it is a terminal."""
    terminal = sys.stdin.isatty()
    if terminal:
        import readline  # noqa: F401  # pyright: ignore[reportUnusedImport] - input() edits lines with it
    while True:
        try:
            line = input(prompt) if terminal else _piped(prompt)
        except EOFError:
            return
        if line.strip() or keep_empty:
            yield line


def _piped(prompt: str) -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    console().print(prompt + line.rstrip("\n"), markup=False)
    return line.rstrip("\n")


def arguments(text: str, function: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call as typed: `name=value …`, one JSON object, or one bare value for a single argument.

    Raises:
        UsageError: They are neither.
    """
    text = text.strip()
    if text.startswith("{"):
        try:
            return cast(dict[str, Any], json.loads(text))
        except ValueError as error:
            raise UsageError(f"no JSON: {error}") from None
    try:
        words = shlex.split(_with_json_quoted(text))
    except ValueError as error:
        raise UsageError(f"{error} in {text!r}") from None
    known: Mapping[str, Any] = function["parameters"].get("properties", {})
    required = function["parameters"].get("required", [])
    if words and not any("=" in word for word in words) and len(required) == 1:
        return {required[0]: typed(" ".join(words), known[required[0]])}
    pairs = [word.partition("=") for word in words]
    bare = [word for word, equals, _ in pairs if not equals]
    if bare:
        raise UsageError(f"'{bare[0]}': write name=value; {function['name']} takes {', '.join(known) or 'nothing'}")
    return {name: typed(value, known.get(name, {})) for name, _, value in pairs}


def _with_json_quoted(text: str) -> str:
    """Lists and objects that are typed as JSON keep their quotes: `to=["Ana Ost"]` becomes `to='["Ana Ost"]'`."""
    pieces: list[str] = []
    at = 0
    while found := JSON_VALUE.search(text, at):
        pieces.append(text[at : found.end()])
        at = found.end()
        if found["name"]:
            end = _end_of_json(text, at)
            pieces.append(shlex.quote(text[at:end]) if end > at else "")
            at = end
    return "".join([*pieces, text[at:]])


def _end_of_json(text: str, at: int) -> int:
    try:
        return json.JSONDecoder().raw_decode(text, at)[1]
    except ValueError:
        return at


def typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A typed value: text where the schema wants text, a list of texts where it wants a list, else JSON."""
    kinds = [part.get("type") for part in schema.get("anyOf", [schema])]
    if "string" in kinds or schema.get("enum"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text.split(",") if "array" in kinds else text


def show_verdict(score: float, findings: Sequence[str]) -> bool:
    """Print how it went; returns whether it was solved."""
    console().print(f"score {score:g}: {'solved' if score >= 1 else 'not solved'}")
    for finding in findings:
        print_line("", f"- {finding}", "")
    return score >= 1
