"""Mail against a plain model: whatever is filed, labelled, written and sent, both say the same."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from greenroom import Split
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.mail import app
from greenroom_envs.mail.mailbox import owner
from support.mailbox import Mailbox

FOLDERS = ("inbox", "archive", "spam", "trash", "clients")
LABELS = ("urgent", "tax")
PEOPLE = ("ann@zuvolir.com", "bob@zuvolir.com", "cas@zuvolir.com")
BACK = {"unarchive": "archive", "restore": "trash", "unmark_spam": "spam"}
WORD = "zuvolir"


@dataclass
class Mail:
    """What the model knows of a message."""

    folder: str
    mine: bool
    read: bool
    starred: bool = False
    labels: set[str] = field(default_factory=set[str])


@dataclass
class Draft:
    """What the model knows of a draft."""

    to: list[str]
    version: int = 1
    files: set[str] = field(default_factory=set[str])
    scheduled: bool = False


class MailMachine(RuleBasedStateMachine):
    """Acts on a world and on the model; the rules never look into the world to know what must come."""

    folder: ClassVar[TemporaryDirectory[str]] = TemporaryDirectory()
    sandbox: ClassVar[LocalSandbox] = LocalSandbox(app, cache_dir=Path(folder.name))

    @initialize()
    def begin(self) -> None:
        self.box = Mailbox(self.sandbox.base(Split.TRAIN).open())
        with self.box.plant() as plant:
            planted = [plant.message(plant.person(), f"{WORD} {n}", f"{WORD}.") for n in range(3)]
        self.mails = {message.handle: Mail("inbox", mine=False, read=False) for message in planted}
        self.drafts: dict[int, Draft] = {}
        self.spam: dict[str, bool] = {}
        self.senders = {message.handle: message.sender.address for message in planted}
        with self.box.world.transaction("world"):
            self.me = owner(self.box.world).address

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.world.close()

    def call(self, allowed: bool, tool: str, **arguments: Any) -> Any:
        """Call a tool, which must be refused if the model says so; a refusal changes nothing."""
        return self.box.call(tool, **arguments) if allowed else self.box.refusal(tool, **arguments)

    def some(self, data: st.DataObject) -> list[str]:
        return data.draw(st.lists(st.sampled_from(sorted(self.mails)), min_size=1, max_size=3, unique=True))

    @rule(data=st.data(), folder=st.sampled_from(FOLDERS))
    def move(self, data: st.DataObject, folder: str) -> None:
        ids = self.some(data)
        allowed = all(self.mails[i].folder != folder for i in ids)
        self.call(allowed, "move", message_ids=ids, folder=folder)
        for i in ids if allowed else ():
            self.mails[i].folder = folder

    @rule(data=st.data(), tool=st.sampled_from(sorted(BACK)))
    def take_back(self, data: st.DataObject, tool: str) -> None:
        ids = self.some(data)
        allowed = all(self.mails[i].folder == BACK[tool] for i in ids)
        allowed &= tool != "unmark_spam" or not any(self.mails[i].mine for i in ids)
        self.call(allowed, tool, message_ids=ids)
        for i in ids if allowed else ():
            self.mails[i].folder = "sent" if self.mails[i].mine else "inbox"
            if tool == "unmark_spam":
                self.spam[self.senders[i]] = False

    @rule(data=st.data())
    def mark_spam(self, data: st.DataObject) -> None:
        ids = self.some(data)
        allowed = all(self.mails[i].folder != "spam" and not self.mails[i].mine for i in ids)
        self.call(allowed, "mark_spam", message_ids=ids)
        for i in ids if allowed else ():
            self.mails[i].folder = "spam"
            self.spam[self.senders[i]] = True

    @rule(data=st.data(), name=st.sampled_from(LABELS), on=st.booleans())
    def label(self, data: st.DataObject, name: str, on: bool) -> None:
        ids = self.some(data)
        allowed = all((name in self.mails[i].labels) is not on for i in ids)
        self.call(allowed, "label" if on else "unlabel", message_ids=ids, label=name)
        for i in ids if allowed else ():
            self.mails[i].labels ^= {name}

    @rule(data=st.data(), yes=st.booleans(), tool=st.sampled_from(["star", "mark_read"]))
    def mark(self, data: st.DataObject, yes: bool, tool: str) -> None:
        ids = self.some(data)
        self.box.call(tool, message_ids=ids, **{"starred" if tool == "star" else "read": yes})
        for i in ids:
            setattr(self.mails[i], "starred" if tool == "star" else "read", yes)

    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(sorted(self.mails)))
        letter = self.box.call("read", message_id=message)
        self.mails[message].read = True
        assert set(letter.get("labels", [])) == self.mails[message].labels

    @rule(data=st.data())
    def reply(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(sorted(self.mails)))
        allowed = not self.mails[message].mine
        answer = self.call(allowed, "reply", message_id=message, body=f"{WORD}: fine.")
        if allowed:
            self._went_out(answer["sent"])

    @rule(to=st.lists(st.sampled_from([*PEOPLE, "me"]), max_size=3))
    def compose(self, to: list[str]) -> None:
        names = [self.me if name == "me" else name for name in to]
        allowed = bool(to) and "me" not in to
        sent = self.call(allowed, "compose", to=names, subject=WORD, body="Hello.")
        if allowed:
            assert sent["to"] == list(dict.fromkeys(to))
            self._went_out(sent["sent"])

    def _went_out(self, handle: str) -> None:
        self.mails[handle] = Mail("sent", mine=True, read=True)
        self.senders[handle] = self.me

    @rule(to=st.sampled_from(PEOPLE))
    def save_draft(self, to: str) -> None:
        number = self.box.call("save_draft", to=to, subject=f"{WORD} draft", body="Soon.")["draft"]
        assert number not in self.drafts
        self.drafts[number] = Draft([to])

    @precondition(lambda self: self.drafts)
    @rule(data=st.data(), late=st.booleans(), to=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2))
    def edit_draft(self, data: st.DataObject, late: bool, to: list[str]) -> None:
        number = data.draw(st.sampled_from(sorted(self.drafts)))
        draft = self.drafts[number]
        self.call(not late, "edit_draft", draft_id=number, version=draft.version + late, to=to)
        if not late:
            draft.to, draft.version = list(dict.fromkeys(to)), draft.version + 1

    @precondition(lambda self: self.drafts)
    @rule(data=st.data(), on=st.booleans())
    def attach(self, data: st.DataObject, on: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.drafts)))
        files = self.drafts[number].files
        allowed = ("resume.pdf" in files) is not on
        self.call(allowed, "attach" if on else "remove_attachment", draft_id=number, file="resume.pdf")
        if allowed:
            files ^= {"resume.pdf"}

    @precondition(lambda self: self.drafts)
    @rule(data=st.data(), away=st.booleans())
    def send_or_drop_draft(self, data: st.DataObject, away: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.drafts)))
        draft = self.drafts.pop(number)
        answer = self.box.call("delete_draft" if away else "send_draft", draft_id=number)
        if not away:
            self._went_out(answer["sent"])
            assert self.box.call("read", message_id=answer["sent"]).get("attachments", []) == sorted(draft.files)

    @precondition(lambda self: self.drafts)
    @rule(data=st.data(), on=st.booleans())
    def schedule(self, data: st.DataObject, on: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.drafts)))
        draft = self.drafts[number]
        if on:
            self.box.call("schedule_draft", draft_id=number, date="2027-01-05", time="9:30")
        else:
            self.call(draft.scheduled, "cancel_scheduled", draft_id=number)
        draft.scheduled = on

    @rule()
    def wait(self) -> None:
        app.pass_time(self.box.world, timedelta(minutes=1))

    @invariant()
    def folders_labels_and_states_are_those_of_the_model(self) -> None:
        if not hasattr(self, "box"):
            return
        for name in {mail.folder for mail in self.mails.values()} | {"inbox"}:
            hits = self.box.call("find_messages", query=f"in:{name} {WORD}", limit=50)["hits"]
            found = {hit["id"] for hit in hits} & set(self.mails)
            assert found == {i for i, mail in self.mails.items() if mail.folder == name}
        for query, holds in (
            ("is:unread", lambda mail: not mail.read),
            ("is:starred", lambda mail: mail.starred),
            ("label:tax", lambda mail: "tax" in mail.labels),
        ):
            wanted = {i for i, m in self.mails.items() if holds(m) and m.folder not in ("spam", "trash")}
            hits = self.box.call("find_messages", query=f"{query} {WORD}", limit=50)["hits"]
            assert {hit["id"] for hit in hits} & set(self.mails) == wanted

    @invariant()
    def drafts_are_those_of_the_model(self) -> None:
        for number, draft in getattr(self, "drafts", {}).items():
            shown = self.box.call("show_draft", draft_id=number)
            assert shown["to"] == ", ".join(draft.to)
            assert shown["version"] == draft.version
            assert set(shown.get("files", [])) == draft.files
            assert ("at" in shown) is draft.scheduled

    @invariant()
    def counts_are_those_of_the_searches(self) -> None:
        if not hasattr(self, "box"):
            return
        for folder in self.box.call("folders"):
            counted = self.box.call("count_messages", query=f"in:{folder['folder']}")
            assert counted == {"messages": folder["messages"], "unread": folder["unread"]}


TestMailMachine = MailMachine.TestCase
TestMailMachine.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
