"""Nights, holds, seats and money against a plain model: whatever is held, booked, moved and cancelled, they agree."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from greenroom import Split
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import Login
from greenroom_envs.booking.policy import HOLD_MINUTES, MOST_HOLDS
from support.booking import Counter

NIGHT, CLEANING, FARE, EXTRA = 10_000, 2_000, 12_000, 4_000
SEATS = 7
FIRST = st.integers(0, 8)
NIGHTS = st.integers(1, 4)


def price(nights: int) -> int:
    """What a stay costs: nights, a tenth of them for service, cleaning."""
    return nights * NIGHT + nights * NIGHT // 10 + CLEANING


class Lodging(RuleBasedStateMachine):
    """One place and one flight.

    `taken`: who has each night (`h3`, `r17`, `rival`); `holds`: number to its minute of expiry; `stays`: number to its
    nights; `journeys`: number to its passengers; `paid`: number to what was paid and not given back.
    """

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__()
        self.counter = Counter(sandbox.base(Split.TRAIN).open())
        self.start = self.counter.today + timedelta(days=60)
        self.counter.plant(self._plant)
        self.minute = 0.0
        self.taken: dict[int, str] = {}
        self.holds: dict[int, float] = {}
        self.stays: dict[int, range] = {}
        self.journeys: dict[int, int] = {}
        self.paid: dict[int, int] = {}
        self.gift = 30_000

    def _plant(self, plant: Plant) -> None:
        plant.world.session.get_one(Login, 1).expires_at += timedelta(days=30)
        values: dict[str, Any] = {"night": NIGHT, "cleaning": CLEANING, "policy": "flexible"}
        self.listing = plant.listing(plant.city(abroad=False), **values).id
        flight = plant.flight(plant.airport(), plant.airport(), self.start, 600, FARE, seats=SEATS)
        self.flight, self.card = flight.number, plant.card
        gift = plant.methods("gift_card")[0]
        gift.balance, self.gift_id = 30_000, gift.id

    # -- acting on both

    def call(self, tool: str, refusal: str | None, **arguments: Any) -> Any:
        """Call a tool; the model says what it is refused with, if it is. Each call takes five seconds."""
        self.minute += 5 / 60
        self._expire()
        if refusal is None:
            return self.counter.use(tool, **arguments)
        assert self.counter.refusal(tool, **arguments) == refusal
        return None

    def _expire(self) -> None:
        for number in [n for n, until in self.holds.items() if until <= self.minute + 1e-9]:
            self._free(f"h{number}")
            del self.holds[number]

    def _free(self, who: str) -> None:
        self.taken = {night: owner for night, owner in self.taken.items() if owner != who}

    def _days(self, nights: range) -> dict[str, str]:
        first, end = (self.start + timedelta(days=n) for n in (nights.start, nights.stop))
        return {"check_in": first.isoformat(), "check_out": end.isoformat()}

    def _soon(self) -> None:
        """What a call that begins now will find: holds that end within its five seconds are gone."""
        self.minute += 5 / 60
        self._expire()
        self.minute -= 5 / 60

    def _clash(self, nights: range, but: str = "") -> str | None:
        self._soon()
        return "not_free" if any(self.taken.get(night, but) != but for night in nights) else None

    @rule(first=FIRST, count=NIGHTS)
    def hold(self, first: int, count: int) -> None:
        nights = range(first, first + count)
        refusal = self._clash(nights) or ("hold_limit" if len(self.holds) >= MOST_HOLDS else None)
        held = self.call("hold_stay", refusal, listing_id=self.listing, guests=2, **self._days(nights))
        if held:
            self.holds[held["hold_id"]] = self.minute + HOLD_MINUTES
            self.taken |= dict.fromkeys(nights, f"h{held['hold_id']}")

    @precondition(lambda self: self.holds)
    @rule()
    def release(self) -> None:
        number = min(self.holds)
        self._soon()
        gone = number not in self.holds
        self.call("release_hold", "no_such_hold" if gone else None, hold_id=number)
        if not gone:
            del self.holds[number]
            self._free(f"h{number}")

    @rule(first=FIRST, count=NIGHTS, gift=st.booleans())
    def book(self, first: int, count: int, gift: bool) -> None:
        nights = range(first, first + count)
        self._soon()
        mine = next((f"h{n}" for n in self.holds if self._nights(f"h{n}") == set(nights)), "")
        refusal = self._clash(nights, mine)
        methods = [self.gift_id, self.card] if gift and self.gift else [self.card]
        wish = {"listing_id": self.listing, "guests": 2, **self._days(nights), "method_ids": methods}
        if refusal is None and len(methods) == 2 and self.gift >= price(count):
            refusal = "not_needed"
        booked = self.call("book_stay", refusal, **wish)
        if booked:
            self.holds.pop(int(mine[1:] or 0), None)
            self._free(mine)
            number = booked["reservation_id"]
            self.stays[number], self.paid[number] = nights, price(count)
            self.taken |= dict.fromkeys(nights, f"r{number}")
            assert booked["total_cents"] == price(count)
            self.gift = 0 if len(methods) == 2 else self.gift

    def _nights(self, who: str) -> set[int]:
        return {night for night, owner in self.taken.items() if owner == who}

    @precondition(lambda self: self.stays)
    @rule(first=FIRST, count=NIGHTS)
    def move(self, first: int, count: int) -> None:
        number, nights = min(self.stays), range(first, first + count)
        refusal = self._clash(nights, f"r{number}")
        change = {"reservation_id": number, **self._days(nights), "method_ids": [self.card]}
        before = self._gift_balance()
        moved = self.call("change_stay", refusal, **change)
        if moved:
            self._free(f"r{number}")
            self.taken |= dict.fromkeys(nights, f"r{number}")
            self.stays[number], self.paid[number] = nights, price(count)
            # A part of what comes back may be the gift card's; the invariant checks that none of it is lost.
            self.gift += self._gift_balance() - before

    def _gift_balance(self) -> int:
        methods = self.counter.use("list_payment_methods")["methods"]
        self.minute += 5 / 60
        self._expire()
        return next(m["balance_cents"] for m in methods if m["method_id"] == self.gift_id)

    @precondition(lambda self: self.stays)
    @rule()
    def cancel(self) -> None:
        number = min(self.stays)
        before = self._gift_balance()
        back = self.call("cancel_reservation", None, reservation_id=number)
        assert back["refund_cents"] == self.paid[number]
        self.gift += self._gift_balance() - before
        self._free(f"r{number}")
        self.paid[number] = 0
        del self.stays[number]

    @rule(first=FIRST)
    def rival(self, first: int) -> None:
        """Somebody without an account takes two nights, if they are free."""
        nights = range(first, first + 2)
        self._soon()
        if not any(night in self.taken for night in nights):
            self.taken |= dict.fromkeys(nights, "rival")
        with self.counter.world.transaction("world"):
            self.counter.world.schedule(
                "booking.other_books", {"listing": self.listing, **self._days(nights)}, after=timedelta(0)
            )
        self.counter.use("show_account")
        self.minute += 5 / 60

    @rule(minutes=st.sampled_from((10, 31, 60)))
    def wait(self, minutes: int) -> None:
        self.counter.wait(minutes=minutes)
        self.minute += minutes
        self._expire()

    @rule(people=st.integers(1, 4), fare=st.sampled_from(("basic", "standard")))
    def fly(self, people: int, fare: str) -> None:
        left = SEATS - sum(self.journeys.values())
        names = [f"Ann {letter}ee" for letter in "BDFL"[:people]]
        wish = {"flights": [self.flight], "day": self.start.isoformat(), "passengers": names, "fare": fare}
        booked = self.call("book_flight", "sold_out" if people > left else None, **wish, method_ids=[self.card])
        if booked:
            number = booked["reservation_id"]
            self.journeys[number] = people
            self.paid[number] = people * (FARE + (EXTRA if fare == "standard" else 0))
            assert booked["total_cents"] == self.paid[number]

    @precondition(lambda self: self.journeys)
    @rule()
    def stay_at_home(self) -> None:
        number = max(self.journeys)
        back = self.call("cancel_reservation", None, reservation_id=number)
        assert back["refund_cents"] == self.paid[number]  # within a day even a basic fare is given back
        self.paid[number] = 0
        del self.journeys[number]

    # -- comparing both

    @invariant()
    def nights_agree(self) -> None:
        self._soon()
        shown = self.counter.use("show_calendar", listing_id=self.listing, first_night=str(self.start), nights=14)
        self.minute += 5 / 60
        free = {(date.fromisoformat(n["night"]) - self.start).days for n in shown["nights"] if n["free"]}
        assert free == set(range(14)) - set(self.taken)

    @invariant()
    def holds_agree(self) -> None:
        self._soon()
        assert {hold["hold_id"] for hold in self.counter.use("list_holds")["holds"]} == set(self.holds)
        self.minute += 5 / 60

    @invariant()
    def seats_agree(self) -> None:
        self._soon()
        shown = self.counter.use("show_flight", flight=self.flight, day=self.start.isoformat())
        self.minute += 5 / 60
        assert shown["cabins"][0]["seats"] == SEATS - sum(self.journeys.values())

    @invariant()
    def money_agrees(self) -> None:
        """What was paid and not given back is what the model says, and the gift card holds the rest of its money."""
        spent = 0
        for number, paid in self.paid.items():
            self._soon()
            rows = self.counter.use("list_payments", reservation_id=number)["payments"]
            self.minute += 5 / 60
            assert sum(row["amount_cents"] for row in rows) == paid
            spent += sum(row["amount_cents"] for row in rows if row["method_id"] == self.gift_id)
        assert self._gift_balance() == self.gift == 30_000 - spent

    def teardown(self) -> None:
        self.counter.world.close()


def run(sandbox: LocalSandbox, how: settings) -> None:
    """Run machines in worlds of this sandbox."""

    class Here(Lodging):
        def __init__(self) -> None:
            super().__init__(sandbox)

    run_state_machine_as_test(Here, settings=how)


def test_nights_holds_seats_and_money_agree_with_a_plain_model(sandbox: LocalSandbox) -> None:
    run(sandbox, settings(max_examples=8, stateful_step_count=15, deadline=None, derandomize=True))


@pytest.mark.nightly
def test_they_agree_for_long(sandbox: LocalSandbox) -> None:
    run(sandbox, settings(max_examples=40, stateful_step_count=20, deadline=None))
