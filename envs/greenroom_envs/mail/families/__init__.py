"""The task families of mail; importing them adds them to the app."""

from greenroom_envs.mail.families import (
    ask,
    file_rule,
    filter_rule,
    find_fact,
    forward,
    invitation,
    private_thread,
    reply_all,
    reply_fact,
    rescue,
    reset_password,
    schedule,
    send_later,
    unsubscribe,
    vacation,
)

__all__ = [
    "ask",
    "file_rule",
    "filter_rule",
    "find_fact",
    "forward",
    "invitation",
    "private_thread",
    "reply_all",
    "reply_fact",
    "rescue",
    "reset_password",
    "schedule",
    "send_later",
    "unsubscribe",
    "vacation",
]
