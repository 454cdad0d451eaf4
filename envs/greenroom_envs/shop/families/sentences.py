"""How people put what they want: as an order, a statement or a question, with or without why and who they are."""

from dataclasses import dataclass

from greenroom.wordings import Wordings

GREETING = ("", "hello, ", "hi, ", "good morning, ", "hello there, ", "hey, ")
ORDERING = (
    "",
    "please ",
    "hello, please ",
    "hi, please ",
    "good morning, please ",
    "kindly ",
    "I want you to ",
    "when you have a moment, ",
)
COULD = ("could you ", "hello, could you ", "can you ", "hi, can you ", "good morning, can you ", "would you ")
WONDERING = (*GREETING, "quick question: ", "one question: ")
ENDS = (".", ". Thanks.", ". Thank you.", ". That is all.")
QUESTION_ENDS = ("?", "? Thanks.", "? Thank you.", "? That is all.")
WHY = (": {reason}", " because {reason}", ". The reason: {reason}")
MAIL = (
    " My e-mail is {email}.",
    " My account is {email}.",
    " My e-mail: {email}. Thanks.",
    " You have me as {email}.",
)
TELLING = Wordings(
    (
        "it is {value}",
        "that is {value}",
        "sure: {value}",
        "here it is: {value}",
        "let me see: {value}",
        "I have it here: {value}",
        "it should be {value}",
        "that would be {value}",
        "I mean {value}",
    ),
    (".", ". Thanks.", ", if that helps.", ". That is what I know."),
)
REASONING = Wordings(
    ("", "because ", "well, ", "to be honest, ", "you see, ", "I am afraid ", "it is just that ", "simply because "),
    ("{value}.", "{value}. That is all.", "{value}. Thanks.", "{value}, that is why."),
)


@dataclass(frozen=True)
class Request:
    """The middles of requests, which openings and ends are put around.

    Attributes:
        orders: Such as `cancel my order`: one clause that begins with its verb.
        statements: Such as `I want my order cancelled`.
        questions: Such as `what is the price`, without their mark.
    """

    orders: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def plain(self) -> Wordings:
        """What is wanted, no more."""
        return (
            Wordings(ORDERING, self.orders, ENDS)
            | Wordings(COULD, self.orders, QUESTION_ENDS)
            | Wordings(GREETING, self.statements, ENDS)
            | Wordings(WONDERING, self.questions, QUESTION_ENDS)
        )

    @property
    def reasoned(self) -> Wordings:
        """What is wanted, and the reason."""
        return (
            Wordings(ORDERING, self.orders, WHY, (".", ". Thanks."))
            | Wordings(COULD, self.orders, ("? It is because {reason}.", " because {reason}?"))
            | Wordings(GREETING, self.statements, WHY, (".", ". Thanks."))
        )

    @property
    def signed(self) -> Wordings:
        """What is wanted, and the account's e-mail."""
        return (
            Wordings(ORDERING, self.orders, (".",), MAIL)
            | Wordings(COULD, self.orders, ("?",), MAIL)
            | Wordings(GREETING, self.statements, (".",), MAIL)
        )

    @property
    def signed_and_reasoned(self) -> Wordings:
        """What is wanted, the reason, and the account's e-mail."""
        return (
            Wordings(ORDERING, self.orders, WHY, (".",), MAIL)
            | Wordings(COULD, self.orders, (" because {reason}?",), MAIL)
            | Wordings(GREETING, self.statements, WHY, (".",), MAIL)
        )


def orders(*middles: str) -> Request:
    """Requests that are orders."""
    return Request(orders=middles)


def questions(*middles: str) -> Request:
    """Requests that are questions."""
    return Request(questions=middles)
