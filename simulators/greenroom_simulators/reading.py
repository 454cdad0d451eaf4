"""How a user reads what the agent said: what is asked, what is claimed, whether that is what was wanted."""

import re
from dataclasses import dataclass

from greenroom.errors import UserError
from greenroom.tasks import Goal
from greenroom_simulators import values
from greenroom_simulators.slots import names

NEEDS = ("number", "date", "done", "text")
SENTENCE = re.compile(r"(?<=[.!?])(?<!\bMr\.)(?<!\bDr\.)(?<!\bMs\.)(?<!\bMrs\.)\s+|\n+")
CLAUSE = re.compile(r"[,;]?\s+(?:but|however)\s+|;\s+", re.IGNORECASE)
COURTESY = re.compile(
    r"\b(any ?thing|something|what) else\b|\b(can|may|could|how) (else )?(i|we) (be of |further )*(help|assist)"
    r"|\blet me know if\b|\b(happy|glad) to\b|\bwelcome\b|\bfeel free\b",
    re.IGNORECASE,
)
CONFUSED = re.compile(
    r"\b(repeat|rephrase|clarify|say (that|it) again|(can|may|could|how) (i|we) (help|assist)"
    r"|what (would|do|did|should|can|is it) (you|i|we)( (like|want|need|mean|say|do|help))|not sure what you mean"
    r"|(do not|don['’]t|did not|didn['’]t) (quite )?understand)\b",
    re.IGNORECASE,
)
ASKING = re.compile(
    r"^(please |could you |can you )*(tell me|let me know|specify|provide|confirm|give me|name)\b"
    r"|^(and |so |ok(ay)?,? )?(who|whom|whose|which|what|when|where|how (much|many))\b(?!.*,)"
    r"|\bi (would )?need (to know|you to|your)\b",
    re.IGNORECASE,
)
OFFER = re.compile(r"^(and |so )?(would you like|do you want|want me|shall i|should i|may i|can i)\b", re.IGNORECASE)
YES_NO = re.compile(
    r"^(and |so |ok(ay)?,? |just to (check|confirm):? |sorry, )*"
    r"(should|shall|do|does|did|is|are|was|were|can|could|would|will|may|have|has|want)\b|\b(right|correct|ok|okay)\?$",
    re.IGNORECASE,
)
FAILURE = re.compile(
    r"\b(can ?not|can['’]t|could ?n['’]t|could not|unable|not able|(did|do|does|have|has|is|are|was|were)(n['’]t| not)"
    r"|no such|failed|nothing"
    r"|no (e-?mails?|messages?|results?|matches|contacts?)|not (found|yet|done|sure|possible))\b",
    re.IGNORECASE,
)
PENDING = re.compile(
    r"\b(i will|i['’]ll|i am going to|i['’]m going to|let me|one moment|just a (moment|second|minute)|hold on|wait"
    r"|looking|checking|searching|working on)\b",
    re.IGNORECASE,
)
DONE = re.compile(
    r"\b(done|all set|completed?|finished|sent|forwarded|replied|answered|moved|archived|filed|scheduled|booked|added"
    r"|created|set up|unsubscribed|deleted|removed|cleaned|cancell?ed|updated|changed|marked|flagged|saved|shared"
    r"|taken care of|put|made|invited|labell?ed|starred|extended|prolonged|postponed|rescheduled|renewed"
    r"|now (?:ends|runs|lasts)|(?:is|are) (?:now )?set)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An agent's text, taken apart.

    Attributes:
        question: The sentences that ask something of the user, empty when none does.
        statement: The other sentences, pleasantries left out.
        confused: Whether the question only asks to be told the request (again).
        offer: Whether the question only offers to do something.
    """

    question: str
    statement: str
    confused: bool
    offer: bool

    @property
    def empty_question(self) -> bool:
        """Whether the question can be passed over when the rest of the text is what was wanted."""
        return self.confused or self.offer

    @property
    def yes_no(self) -> bool:
        """Whether the question can be answered by yes or no."""
        return bool(YES_NO.search(self.question))

    @property
    def choice(self) -> bool:
        """Whether the question offers alternatives: yes would be no answer."""
        return bool(re.search(r"\bor\b(?! not\b)", self.question, re.IGNORECASE))


def read(text: str) -> Reading:
    """Take an agent's text apart."""
    asked: list[str] = []
    said: list[str] = []
    for sentence in filter(None, map(str.strip, SENTENCE.split(text.strip()))):
        if CONFUSED.search(sentence) or (_asks(sentence) and not COURTESY.search(sentence)):
            asked.append(sentence)
        elif not COURTESY.search(sentence):
            said.append(sentence)
    return Reading(
        question=" ".join(asked),
        statement=" ".join(said),
        confused=bool(asked) and all(CONFUSED.search(sentence) for sentence in asked),
        offer=bool(asked) and all(OFFER.search(sentence) for sentence in asked),
    )


def _asks(sentence: str) -> bool:
    return sentence.endswith("?") or bool(ASKING.search(sentence))


def satisfies(statement: str, goal: Goal) -> bool:
    """Whether a statement is the kind of answer that the goal needs; whether it is true, a user cannot know.

    Raises:
        UserError: The goal needs something unheard of.
    """
    return any(_satisfies(clause, goal) for s in SENTENCE.split(statement) for clause in CLAUSE.split(s) if clause)


def pending(statement: str) -> bool:
    """Whether the agent says that it is still at it."""
    return bool(PENDING.search(statement))


def _satisfies(clause: str, goal: Goal) -> bool:
    if FAILURE.search(clause):
        return False
    said = values.without(clause, names(goal))
    counting = any("how many" in request.lower() for request in goal.requests)
    match check_needs(goal):
        case "number":
            return values.has_number(said, counting=counting)
        case "date":
            return bool(values.dates(said) or values.times(said))
        case "done":
            return bool(DONE.search(clause)) and not PENDING.search(clause)
        case _:
            return bool(re.search(r"\w", said)) and not PENDING.search(clause)


def check_needs(goal: Goal) -> str:
    """What the goal needs.

    Raises:
        UserError: Something unheard of.
    """
    if goal.needs not in NEEDS:
        raise UserError(f"the goal '{goal.intent}' needs '{goal.needs}', which is none of: {', '.join(NEEDS)}")
    return goal.needs
