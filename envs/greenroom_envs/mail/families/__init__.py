"""The task families of mail; importing them adds them to the app."""

from greenroom_envs.mail.families import (
    file_rule,
    find_fact,
    forward,
    reply_fact,
    schedule,
    unsubscribe,
)

__all__ = ["file_rule", "find_fact", "forward", "reply_fact", "schedule", "unsubscribe"]
