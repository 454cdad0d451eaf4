"""The domain's own tools as tools of a greenroom app: same names, arguments and descriptions."""

import inspect
import json
from collections.abc import Callable
from typing import Any, Literal, get_type_hints

from greenroom import Refusal, World
from greenroom.tools import Tool
from greenroom_envs.tau2.domain import Domain, Side
from greenroom_envs.tau2.rows import Rows, WorldRows, Writes

ASK = "ask_user"
Open = Callable[[World], WorldRows]


class Toolbox:
    """All that an agent may call in a domain.

    Args:
        domain: The domain.
        rows: Gives the rows of a world's running transaction.
    """

    def __init__(self, domain: Domain, rows: Open) -> None:
        self._domain, self._rows = domain, rows
        self.users = {name: Tool(name, _typed(_unbound, method)) for name, method in domain.methods("user").items()}
        self.agents = {
            name: Tool(name, _typed(_unbound, method)) for name, method in domain.methods("assistant").items()
        }

    def functions(self) -> list[Callable[..., Any]]:
        """What to offer: the agent's tools, and one to have the user act where the user has tools."""
        own = [self._offered(name, method) for name, method in self._domain.methods("assistant").items()]
        return [*own, self._asking()] if self.users else own

    def _offered(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def run(world: World, **arguments: Any) -> Any:
            return self._run(world, "assistant", name, arguments)

        return _typed(run, method)

    def _asking(self) -> Callable[..., Any]:
        def ask_user(world: World, action: str, arguments: dict[str, Any] | None = None) -> Any:
            checked = self.users[action].parse(json.dumps(arguments or {}))
            return self._run(world, "user", action, checked)

        ask_user.__annotations__["action"] = Literal[tuple(self.users)]
        ask_user.__doc__ = self._catalogue()
        return ask_user

    def _catalogue(self) -> str:
        lines = [f"- {name}({', '.join(t.arguments.model_fields)}): {t.description}" for name, t in self.users.items()]
        head = "Ask the user to do something on their side, and hear what it shows.\n\nThe user can do:\n"
        tail = "\n\nArgs:\n    action: What to do.\n    arguments: Its arguments, by name."
        return head + "\n".join(line.replace("\n", " ") for line in lines) + tail

    def _run(self, world: World, side: Side, name: str, arguments: dict[str, Any]) -> Any:
        rows = self._rows(world)
        result, writes = self._domain.call(rows, side, name, arguments)
        rows.write(writes)
        return result

    def try_out(self, rows: Rows, side: Side, name: str, arguments: dict[str, Any]) -> Writes:
        """What a call would change, checked as a call of an agent is.

        Raises:
            Refusal: It would be refused.
        """
        tool = (self.users if side == "user" else self.agents).get(name)
        if tool is None:
            raise Refusal("unknown_tool", f"no {side} tool '{name}'")
        _, writes = self._domain.call(rows, side, name, tool.parse(json.dumps(arguments)))
        return writes


def _unbound(world: World, **arguments: Any) -> None:
    """Carries a signature only."""


def _typed(run: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a world that says of itself what a toolkit's method says."""

    def function(world: World, **arguments: Any) -> Any:
        return run(world, **arguments)

    hints = get_type_hints(method, include_extras=True)
    own = inspect.signature(method).parameters.values()
    first = inspect.Parameter("world", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=World)
    function.__name__ = function.__qualname__ = method.__name__
    function.__doc__ = inspect.getdoc(method) or method.__name__.replace("_", " ")
    function.__annotations__ = {"world": World, **{p.name: _hint(p, hints) for p in own}}
    function.__signature__ = inspect.Signature([first, *own])  # pyright: ignore[reportFunctionMemberAccess]
    return function


def _hint(parameter: inspect.Parameter, hints: dict[str, Any]) -> Any:
    """The parameter's type; tau2 writes `text: str = None` where None is allowed."""
    hint = hints.get(parameter.name, Any)
    return hint | None if parameter.default is None and hint is not Any else hint
