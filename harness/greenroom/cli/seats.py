"""The seats of `greenroom play`: a person as the agent, with the tools, or as the user, with a goal."""

import asyncio
import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from greenroom.cli.conversation import fault_told, print_line, show_message
from greenroom.cli.lines import arguments
from greenroom.cli.output import console
from greenroom.errors import UnknownNameError, UsageError
from greenroom.messages import Message, assistant, call

if TYPE_CHECKING:
    from greenroom.episode import Episode
    from greenroom.policy import Policy
    from greenroom.sandbox import Brief, Sandbox
    from greenroom.tasks import Goal
    from greenroom.users import UserState, UserTurn

HELP = """\
TOOL name=value …    call a tool; values are JSON, or plain text: search query="order 12" limit=3
TOOL {"name": …}     the same, all arguments as JSON
anything else        is said to the user; begin with a space if it looks like a tool
:tools  :tool NAME   what there is; what a tool takes
:task                what the user wants, and how it is solved (a spoiler)
:step  :help  :quit"""


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


def show_verdict(score: float, findings: Sequence[str]) -> bool:
    """Print how it went; returns whether it was solved."""
    console().print(f"score {score:g}: {'solved' if score >= 1 else 'not solved'}")
    for finding in findings:
        print_line("", f"- {finding}", "")
    return score >= 1
