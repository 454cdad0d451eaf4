import pytest

from greenroom.containers import tokens
from greenroom.errors import UsageError

GOOD, OTHER = "kM3v9xQ2pL7rT5wZ8bN4", "hB8nW1yE6uJ0sD4fG2cX"


@pytest.mark.parametrize(
    ("app", "variable"),
    [
        ("mail", "GREENROOM_TOKEN_MAIL"),
        ("mail+shop", "GREENROOM_TOKEN_MAIL_SHOP"),
        ("my-notes", "GREENROOM_TOKEN_MY_NOTES"),
        ("tau2_airline", "GREENROOM_TOKEN_TAU2_AIRLINE"),
    ],
)
def test_each_app_has_a_setting_of_its_own(app: str, variable: str) -> None:
    assert tokens.variable(app) == variable


def test_compose_files_name_settings_in_each_way_that_compose_reads() -> None:
    lines = ["A: ${GREENROOM_TOKEN_A:?none}", "{B: $GREENROOM_TOKEN_B, C: '${GREENROOM_TOKEN_C}'}", "GREENROOM_TOKEN_D"]
    assert tokens.named("\n".join([*lines, *lines])) == [f"GREENROOM_TOKEN_{name}" for name in "ABC"]


def test_a_token_is_the_app_s_own_else_that_of_all_of_the_first_place_that_has_either() -> None:
    settings = {"GREENROOM_TOKEN_MAIL": "settings", "GREENROOM_TOKEN_SHOP": ""}
    assert tokens.token("mail", [{}, settings]) == "settings"
    assert tokens.token("mail", [{"GREENROOM_TOKEN": "all"}, settings]) == "all"
    assert tokens.token("mail", [{"GREENROOM_TOKEN": "all", "GREENROOM_TOKEN_MAIL": "own"}, settings]) == "own"
    assert tokens.token("mail", [{"GREENROOM_TOKEN_SHOP": "shop"}, settings]) == "settings"
    assert tokens.token("shop", [{}, settings]) is None


def test_a_placeholder_is_refused_by_the_name_of_its_setting() -> None:
    tokens.check({"mail": GOOD, "shop": OTHER})
    with pytest.raises(UsageError, match=r"placeholder.*GREENROOM_TOKEN_SHOP"):
        tokens.check({"mail": GOOD, "shop": "changeme-changeme-changeme"})


def test_two_services_with_one_token_are_refused_and_the_way_out_is_said() -> None:
    with pytest.raises(UsageError, match=r"'mail' and 'notes' have the same token.*\$\{GREENROOM_TOKEN_NOTES\}"):
        tokens.check({"mail": GOOD, "notes": GOOD})
