"""mail: a mailbox with search, threads, labels, newsletters and a calendar."""

from greenroom_envs.mail import bounces, families, life, populate, tools
from greenroom_envs.mail.app import app

__all__ = ["app", "bounces", "families", "life", "populate", "tools"]
