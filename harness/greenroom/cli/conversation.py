"""A rollout's conversation, for people to read."""

from typing import Any, cast

from greenroom.cli.output import console

STYLES = {"system": "dim", "user": "bold green", "assistant": "bold cyan", "tool": "yellow"}


def show_conversation(record: dict[str, Any]) -> None:
    """Print a rollout as `greenroom.store.export.record` gives it."""
    print_line("", f"{record['rollout']}  {record['task']}", "bold")
    print_line("", f"from {record['state'][:16]}…  policy seed {record['policy_seed']}", "dim")
    for message in record["messages"]:
        show_message(message)
    if record["valid"]:
        end = "truncated" if record["truncated"] else "ended by the user"
        print_line("reward", f"{record['reward']:g} after {record['steps']} steps, {end}", "bold")
    else:
        print_line("invalid", f"{record['boundary']}: {record['cause']}", "bold red")
    for finding in record["findings"]:
        print_line("", f"- {finding}", "")
    for fault in record["faults"]:
        if fault["kind"] != "latency":
            print_line("", f"step {fault['step']}: {fault_told(fault)}", "dim")


def fault_told(fault: dict[str, Any]) -> str:
    """A fault as people read it: `mail_send timed out (committed: yes)`."""
    details = ", ".join(f"{name.replace('_', ' ')}: {plain(value)}" for name, value in fault["detail"].items())
    return f"{fault['tool']}, {fault['kind'].replace('_', ' ')}" + (f" ({details})" if details else "")


def plain(value: Any) -> str:
    """A value without the look of Python."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, dict):
        pairs = cast(dict[str, Any], value).items()
        shown = {name: f"({plain(one)})" if isinstance(one, dict) else plain(one) for name, one in pairs}
        return ", ".join(f"{name} {text}" for name, text in shown.items() if text != "–")
    if isinstance(value, list | tuple):
        return " ".join(plain(one) for one in cast(list[Any], value)) or "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def show_message(message: dict[str, Any]) -> None:
    """Print one message: its text, and its tool calls as function calls."""
    role = message["role"]
    if message["content"]:
        print_line(role, message["content"], STYLES.get(role, ""))
    for call in message.get("tool_calls") or ():
        function = call["function"]
        print_line(role, f"→ {function['name']}({function['arguments']})", STYLES.get(role, ""))


def print_line(label: str, text: str, style: str) -> None:
    """Print a label, and a text indented behind it."""
    from rich.padding import Padding
    from rich.text import Text

    if label:
        console().print(Text(label, style=style))
    console().print(Padding(Text(text, style="" if label else style), (0, 0, 0, 2 if label else 0)))
