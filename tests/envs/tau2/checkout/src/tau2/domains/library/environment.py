"""A library: dicts of entities, agent's tools only, its own train and test."""

import json
from datetime import date

from pydantic import BaseModel, ConfigDict

from tau2.data_model.tasks import Task
from tau2.environment.environment import DATA, Environment
from tau2.environment.toolkit import ToolKitBase, ToolType, is_tool

HOME = DATA / "library"


class Book(BaseModel):
    book_id: str
    title: str
    copies: int
    fee: float


class Card(BaseModel):
    kind: str
    balance: float


class Member(BaseModel):
    member_id: str
    name: str
    cards: dict[str, Card]
    loans: list[str] = []


class Loan(BaseModel):
    loan_id: str
    member_id: str
    book_id: str
    due: date
    status: str = "open"


class LibraryDB(BaseModel):
    model_config = ConfigDict(extra="forbid")
    books: dict[str, Book]
    members: dict[str, Member]
    loans: dict[str, Loan]


class LibraryTools(ToolKitBase):
    db: LibraryDB

    def _member(self, member_id: str) -> Member:
        if member_id not in self.db.members:
            raise ValueError("Member not found")
        return self.db.members[member_id]

    @is_tool(ToolType.READ)
    def find_member_by_name(self, name: str) -> str:
        """Find a member by name.

        Args:
            name: The full name.
        """
        for member_id, member in self.db.members.items():
            if member.name.lower() == name.lower():
                return member_id
        raise ValueError("Member not found")

    @is_tool(ToolType.READ)
    def get_member(self, member_id: str) -> Member:
        """The details of a member."""
        return self._member(member_id)

    @is_tool(ToolType.READ)
    def list_books(self, at_least: int = None) -> str:  # noqa: RUF013 - as tau2 writes it
        """List titles with their ids.

        Args:
            at_least: How many copies there must be.
        """
        found = {b.title: b.book_id for b in self.db.books.values() if b.copies >= (at_least or 0)}
        return json.dumps(found, sort_keys=True)

    @is_tool(ToolType.WRITE)
    def lend(self, member_id: str, book_id: str, card: str) -> Loan:
        """Lend a book to a member; the fee is taken from a card first.

        Args:
            member_id: The member.
            book_id: The book.
            card: The name of the card that pays.
        """
        member, book = self._member(member_id), self.db.books[book_id]
        member.cards[card].balance = round(member.cards[card].balance - book.fee, 2)
        if book.copies < 1:
            raise ValueError(f"No copy of '{book.title}' is left")
        loan = Loan(loan_id=f"L{len(self.db.loans) + 1}", member_id=member_id, book_id=book_id, due=date(2025, 3, 1))
        self.db.loans[loan.loan_id] = loan
        book.copies -= 1
        member.loans.append(loan.loan_id)
        return loan

    @is_tool(ToolType.WRITE)
    def forget_loan(self, loan_id: str) -> str:
        """Strike a loan from the books."""
        loan = self.db.loans.pop(loan_id)
        self._member(loan.member_id).loans.remove(loan_id)
        return "struck"


def get_environment(db=None, solo_mode=False):
    db = db or LibraryDB.model_validate_json((HOME / "db.json").read_text())
    return Environment("library", (HOME / "policy.md").read_text(), LibraryTools(db))


def get_tasks(task_split_name=None):
    return [Task.model_validate(task) for task in json.loads((HOME / "tasks.json").read_text())]


def get_tasks_split():
    return json.loads((HOME / "split_tasks.json").read_text())
