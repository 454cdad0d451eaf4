"""What the data page says is what the tables hold."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Size, Split, World
from greenroom.survey import Survey, survey
from greenroom.survey_page import draw, page


class Base(DeclarativeBase):
    pass


class Farm(Base):
    __tablename__ = "eggs_farm"
    id: Mapped[int] = mapped_column(primary_key=True)


class Egg(Base):
    __tablename__ = "eggs_egg"
    id: Mapped[int] = mapped_column(primary_key=True)
    farm_id: Mapped[int] = mapped_column(ForeignKey("eggs_farm.id"))
    grams: Mapped[int]
    colour: Mapped[str]
    laid_on: Mapped[date]


eggs = App("eggs", models=Base, summary="Farm n lays n eggs.")


@eggs.populate
def populate(world: World, size: Size, split: Split) -> None:
    for farm in range(1, 21):
        world.session.add(Farm(id=farm))
        world.session.flush()
        for number in range(farm):
            day = (world.now - timedelta(days=30 * (number % 4))).date()
            colour = "brown" if number % 4 else "white"
            egg = Egg(id=world.new_id("egg"), farm_id=farm, grams=40 + number, colour=colour, laid_on=day)
            world.session.add(egg)


@pytest.fixture
def found(tmp_path: Path) -> Survey:
    return survey(eggs, Size.SMALL, cache_dir=tmp_path)


def test_rows_are_counted_and_shared_out(found: Survey) -> None:
    assert found.tables == {"eggs_farm": 20, "eggs_egg": 210}
    (share,) = found.shares
    assert (share.rows, share.things, share.most, share.counts[:2]) == ("eggs_egg by farm_id", 20, 20, (20, 19))
    assert (share.p50, share.p90) == (11, 19)
    assert share.top_tenth == round(39 / 210, 3)


def test_numbers_spread_and_kinds_are_counted(found: Survey) -> None:
    (spread,) = found.spreads
    assert (spread.column, spread.p5, spread.most) == ("eggs_egg.grams", 40, 59)
    kinds = {k.column: k.counts for k in found.kinds}
    assert kinds["eggs_egg.colour"] == {"brown": 150, "white": 60}


def test_months_are_counted(found: Survey) -> None:
    (season,) = found.seasons
    assert season.column == "eggs_egg.laid_on"
    assert season.months == {"2025-12": 45, "2026-01": 105, "2026-03": 60}


def test_a_page_and_a_picture_are_made(found: Survey, tmp_path: Path) -> None:
    text = page([found], "greenroom data eggs", "data.png")
    assert "| eggs_egg by farm_id | 20 | 11 | 19 | 20 | 19% |" in text
    assert "- `eggs_egg.colour`: brown 71%, white 29%" in text
    draw([found], tmp_path / "data.png")
    assert (tmp_path / "data.png").read_bytes().startswith(b"\x89PNG")
