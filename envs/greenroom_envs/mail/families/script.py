"""Writing solutions: short scripts of assistant messages."""

from typing import Any

from greenroom.messages import Message, ToolCall, assistant, call

Step = str | tuple[str, dict[str, Any]]

TOOLS = (
    "mail_search",
    "mail_list_folder",
    "mail_read",
    "mail_read_thread",
    "mail_reply",
    "mail_forward",
    "mail_send",
    "mail_save_draft",
    "mail_archive",
    "mail_move",
    "mail_label",
    "mail_star",
    "mail_mark_read",
    "mail_delete",
    "mail_find_contacts",
    "mail_unsubscribe",
    "mail_add_event",
    "mail_list_events",
    "mail_folders",
)
DONE = "Done."
WHO = "Who should I send it to?"
MAX_STEPS = 8


def script(*steps: Step) -> tuple[Message, ...]:
    """Assistant messages: a text is said to the user, a pair calls a tool."""
    return tuple(
        assistant(step) if isinstance(step, str) else assistant(None, call(step[0], f"call_{n}", **step[1]))
        for n, step in enumerate(steps, start=1)
    )


def search(query: str) -> Step:
    """A search."""
    return "mail_search", {"query": query}


def read(message_id: str) -> Step:
    """Open a message."""
    return "mail_read", {"message_id": message_id}


def delete_call(message_id: str) -> ToolCall:
    """A destructive act."""
    return call("mail_delete", "call_x", message_ids=[message_id])
