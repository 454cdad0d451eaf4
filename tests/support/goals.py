"""Goals as mail's tasks state them, and a short way to talk to a user."""

from collections.abc import Sequence

from greenroom import messages as m
from greenroom.tasks import Fact, Goal
from greenroom.users import UserSimulator, UserTurn

SENDER, RECIPIENT, SUBJECT = "Danielle Ortiz", "Marcus Webb", "norvik budget"

SENDER_FACT = Fact(key="sender", value=SENDER, wordings=(f"from {SENDER}",), cues=("from", "sender"))
SUBJECT_FACT = Fact(key="subject", value=SUBJECT, wordings=(f"The {SUBJECT}.",), cues=("subject", "about"))
RECIPIENT_FACT = Fact(
    key="recipient", value=RECIPIENT, wordings=(f"to {RECIPIENT}",), cues=("who", "whom"), at_once=False
)
SLOTS = {"sender": SENDER, "subject": SUBJECT}

FIND_NUMBER = Goal(
    intent="find_fact",
    requests=(f"How much is the {SUBJECT} from {SENDER}?", f"what is the total of the {SUBJECT} from {SENDER}?"),
    facts=(SENDER_FACT, SUBJECT_FACT),
    needs="number",
    slots=SLOTS,
)
FIND_DATE = Goal(
    intent="find_fact",
    requests=(f"When is the {SUBJECT} from {SENDER} due?",),
    facts=(SENDER_FACT, SUBJECT_FACT),
    needs="date",
    slots=SLOTS,
)
FORWARD_HIDDEN = Goal(
    intent="forward",
    requests=(f"Forward the {SUBJECT} from {SENDER}.",),
    facts=(RECIPIENT_FACT, SENDER_FACT, SUBJECT_FACT),
    slots={**SLOTS, "recipient": RECIPIENT},
)
FORWARD = Goal(
    intent="forward",
    requests=(f"Forward the {SUBJECT} from {SENDER} to {RECIPIENT}.",),
    facts=(
        Fact(key="recipient", value=RECIPIENT, wordings=(f"to {RECIPIENT}",), cues=("who", "whom")),
        SENDER_FACT,
        SUBJECT_FACT,
    ),
    slots={**SLOTS, "recipient": RECIPIENT},
)
REPLY = Goal(
    intent="reply_fact",
    requests=(f"Reply to {SENDER} with the amount of the {SUBJECT}.",),
    facts=(Fact(key="recipient", value=SENDER, wordings=(f"to {SENDER}",), cues=("who",)), SUBJECT_FACT),
    slots={"recipient": SENDER, "subject": SUBJECT},
)
SCHEDULE = Goal(
    intent="schedule",
    requests=(f"Take the date from {SENDER} and schedule the {SUBJECT}.",),
    facts=(SENDER_FACT, SUBJECT_FACT),
    slots=SLOTS,
)
FILE = Goal(
    intent="file_rule",
    requests=(f"Archive all mails from {SENDER}.",),
    facts=(SENDER_FACT,),
    slots={"sender": SENDER, "action": "archive", "value": "archive"},
)
STOP = Goal(
    intent="unsubscribe",
    requests=("Unsubscribe from Girer Letter, keep its mails.",),
    facts=(
        Fact(key="sender", value="Girer Letter", wordings=("from Girer Letter",), cues=("from",)),
        Fact(key="action", value="stop", wordings=("Only unsubscribe, keep the mails.",), cues=("delete", "keep")),
    ),
    slots={"sender": "Girer Letter", "action": "stop"},
)
GOALS = (FIND_NUMBER, FIND_DATE, FORWARD_HIDDEN, FORWARD, REPLY, SCHEDULE, FILE, STOP)


def talk(user: UserSimulator, goal: Goal, texts: Sequence[str], seed: int = 0) -> list[UserTurn]:
    """The user's turns: the opening, and one for each text of the agent, until it ends the conversation."""
    turns = [user.open(goal, seed)]
    messages = [m.user(turns[0].text)]
    for text in texts:
        messages.append(m.assistant(text))
        turns.append(user.reply(turns[-1].state, messages))
        messages.append(m.user(turns[-1].text))
        if turns[-1].ends:
            break
    return turns
