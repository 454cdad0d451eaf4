"""The app object of mail, to which tools, population and task families are added."""

from greenroom import App
from greenroom_envs.mail import index, tally
from greenroom_envs.mail.models import Base

POLICY = (
    "You look after the user's mailbox. Use the tools; never guess what a message says. "
    "If something that you need was not said, ask the user one short question. "
    "Change only what you were asked to change. When all is done, say so, or give the answer, in one sentence. "
    "Quote amounts and dates as the mail writes them."
)

app = App(
    "mail",
    models=Base,
    summary="A mailbox: search, read, answer, forward, file, unsubscribe, schedule.",
    policy=POLICY,
    incidental={"mail_message": {"read_at"}},
)

__all__ = ["app", "index", "tally"]
