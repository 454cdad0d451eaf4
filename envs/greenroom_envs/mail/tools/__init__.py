"""The tools of mail, one noun a file; importing them adds them to the app."""

from greenroom_envs.mail.tools import (
    calendar,
    contacts,
    drafts,
    filing,
    folders,
    messages,
    newsletters,
    search,
    sending,
)

__all__ = [
    "calendar",
    "contacts",
    "drafts",
    "filing",
    "folders",
    "messages",
    "newsletters",
    "search",
    "sending",
]
