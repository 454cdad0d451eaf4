"""mail: a mailbox with search, threads, labels, newsletters and a calendar."""

from greenroom_envs.mail import families, life, populate, tools
from greenroom_envs.mail.app import app

__all__ = ["app", "families", "life", "populate", "tools"]
