"""The tools of mail, one noun a file; importing them adds them to the app."""

from greenroom_envs.mail.tools import (
    account,
    calendar,
    contacts,
    drafts,
    files,
    filing,
    folders,
    invitations,
    labels,
    messages,
    newsletters,
    rules,
    search,
    sending,
    waiting,
)

__all__ = [
    "account",
    "calendar",
    "contacts",
    "drafts",
    "files",
    "filing",
    "folders",
    "invitations",
    "labels",
    "messages",
    "newsletters",
    "rules",
    "search",
    "sending",
    "waiting",
]
