"""A rollout's conversation, for people to read."""

from typing import Any

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
            print_line("", f"step {fault['step']}: {fault['kind']} of {fault['tool']} {fault['detail']}", "dim")


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
