"""A phone kiosk: lists of entities, a user with a phone of their own, ids drawn by uuid4, assertions; no split."""

import json
import uuid
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from tau2.data_model.tasks import Task
from tau2.environment.environment import DATA, Environment
from tau2.environment.toolkit import ToolKitBase, ToolType, is_tool

HOME = DATA / "kiosk"


class Mode(StrEnum):
    FAST = "fast"
    SLOW = "slow"


class Line(BaseModel):
    line_id: str
    phone: str
    active: bool


class Bill(BaseModel):
    bill_id: str
    line_id: str
    amount: float


class KioskDB(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lines: list[Line]
    bills: list[Bill] = []


class Phone(BaseModel):
    flight_mode: bool = False
    mode: Mode = Mode.SLOW
    restarts: int = 0


class Around(BaseModel):
    phone: str | None = None
    line_active: bool = False


class KioskUserDB(BaseModel):
    device: Phone = Phone()
    around: Around = Around()


class Counter:
    def __init__(self):
        self.counts = {"charge": 0}

    def next(self):
        self.counts["charge"] += 1
        return self.counts["charge"]


class KioskTools(ToolKitBase):
    db: KioskDB

    def __init__(self, db):
        super().__init__(db)
        self.counter = Counter()

    def _line(self, line_id: str) -> Line:
        for line in self.db.lines:
            if line.line_id == line_id:
                return line
        raise ValueError(f"Line {line_id} not found")

    @is_tool(ToolType.READ)
    def get_line(self, line_id: str) -> Line:
        """The details of a line."""
        return self._line(line_id)

    @is_tool(ToolType.WRITE)
    def resume_line(self, line_id: str) -> dict[str, Line]:
        """Resume a line."""
        line = self._line(line_id)
        line.active = True
        return {"line": line}

    def suspend(self, line_id: str) -> None:
        self._line(line_id).active = False

    @is_tool(ToolType.WRITE)
    def charge(self, line_id: str, amount: float) -> Bill:
        """Write a bill.

        Args:
            line_id: The line.
            amount: How much.
        """
        bill = Bill(bill_id=f"B{self.counter.next()}-{uuid.uuid4().hex[:6]}", line_id=line_id, amount=amount)
        self.db.bills.append(bill)
        return bill


class KioskUserTools(ToolKitBase):
    db: KioskUserDB

    @is_tool(ToolType.READ)
    def check_phone(self) -> str:
        """Look at the phone."""
        return f"works: {self._works()}"

    @is_tool(ToolType.WRITE)
    def toggle_flight_mode(self) -> str:
        """Turn flight mode on or off."""
        self.db.device.flight_mode = not self.db.device.flight_mode
        return f"flight mode: {self.db.device.flight_mode}"

    @is_tool(ToolType.WRITE)
    def set_mode(self, mode: Mode | str) -> str:
        """Choose how fast the phone is."""
        self.db.device.mode = Mode(mode)
        return f"mode: {self.db.device.mode}"

    def _works(self) -> bool:
        return self.db.around.line_active and not self.db.device.flight_mode

    def set_phone(self, phone: str) -> None:
        self.db.around.phone = phone

    def assert_works(self, expected: bool) -> bool:
        return self._works() == expected


class KioskEnvironment(Environment):
    def sync_tools(self):
        around = self.user_tools.db.around
        if around.phone is not None:
            around.line_active = any(line.phone == around.phone and line.active for line in self.tools.db.lines)


def get_environment(db=None, user_db=None, solo_mode=False):
    db = db or KioskDB.model_validate_json((HOME / "db.json").read_text())
    return KioskEnvironment(
        "kiosk", (HOME / "policy.md").read_text(), KioskTools(db), KioskUserTools(user_db or KioskUserDB())
    )


def get_tasks(task_split_name=None):
    return [Task.model_validate(task) for task in json.loads((HOME / "tasks.json").read_text())]
