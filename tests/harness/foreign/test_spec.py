from pathlib import Path

import pytest

from greenroom.containers.owner import FOLDER, LABEL, OWNER
from greenroom.errors import UsageError
from greenroom.foreign import ContainerApp
from greenroom.foreign.filling import fill
from greenroom.foreign.stack import labels_of
from greenroom.sandboxes import open_sandbox
from greenroom.tasks import Split
from support.foreign import HERE

MINIMAL = """
name = "wiki"
image = "wiki"
port = 80
tools = { openapi = "/openapi.json" }
[probe.page]
http = "/pages"
[[family]]
name = "look"
requests = ["look"]
solution = { say = "ok" }
excess = { tool = "deletePage" }
verify = { said = ["ok"] }
"""


def load(tmp_path: Path, text: str) -> ContainerApp:
    file = tmp_path / "wiki.toml"
    file.write_text(text)
    return ContainerApp.load(file)


def test_the_example_has_six_families_and_cases_for_each_split(described: ContainerApp) -> None:
    assert len(described.family) == 6
    for family in described.family:
        assert family.case(Split.TRAIN, 0) != family.case(Split.TEST, 0)
        assert family.case(Split.DEV, 1) == family.case(Split.TRAIN, 1)
        assert family.case(Split.TEST, 0) == family.case(Split.TEST, len(family.cases[Split.TEST]))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('image = "wiki"', "", "an image or a compose file"),
        ('image = "wiki"', 'image = "wiki"\ncompose = "c.yaml"', "an image or a compose file"),
        ("port = 80", "", "the port or the unix socket"),
        ("port = 80", 'port = 80\nsokcet = "x"', "sokcet: Extra inputs are not permitted"),
        ('image = "wiki"', 'compose = "c.yaml"', "needs the service and the port"),
        ('http = "/pages"', 'sql = "SELECT 1"', r"add \[sql\] with its command"),
        ('http = "/pages"', 'http = "/pages"\nrun = ["ls"]', "exactly one of sql, http and run"),
        ("[probe.page]", "[probe.page", "cannot be read"),
        ('name = "wiki"', 'name = "Wiki"', "name: String should match"),
        ('requests = ["look"]', "requests = []", r"family\.0\.requests"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert load(tmp_path, MINIMAL).name == "wiki"
    with pytest.raises(UsageError, match=told):
        load(tmp_path, MINIMAL.replace(old, new, 1))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml cannot be read"):
        ContainerApp.load(tmp_path / "nowhere.toml")


def test_a_lone_placeholder_keeps_the_kind_of_its_value() -> None:
    values = {"id": 7, "name": "Ana", "bill": {"id": 3, "tags": ["a"]}}
    template = {"id": "{id}", "text": "{name} has {id}", "deep": ["{bill[id]}", "{bill[tags]}"], "plain": 1.5}
    assert fill(template, values) == {"id": 7, "text": "Ana has 7", "deep": [3, ["a"]], "plain": 1.5}
    with pytest.raises(UsageError, match=r"'\{nmae\}' cannot be filled in .*there is: bill, id, name"):
        fill("{nmae}", values)


@pytest.mark.parametrize(
    ("spec", "app", "options", "told"),
    [
        ("foreign", "ihatemoney", {}, r"foreign:FILE\.toml"),
        ("foreign:nowhere.toml", "ihatemoney", {}, "cannot be read"),
        (f"foreign:{HERE}/ihatemoney.toml", "mail", {}, "describes 'ihatemoney', not 'mail'"),
        (f"foreign:{HERE}/ihatemoney.toml", "ihatemoney", {"faults": "realistic"}, "leave --faults out"),
    ],
)
def test_a_spec_that_cannot_be_opened_says_why(spec: str, app: str, options: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_sandbox(spec, app, **options)


def test_a_spec_opens_the_application_without_starting_anything() -> None:
    sandbox = open_sandbox(f"foreign:{HERE}/ihatemoney.toml", "ihatemoney")
    assert sandbox.app == "ihatemoney"
    assert "add_bill" in sandbox.families()
    assert "ihatemoney_add_bill" in [tool["function"]["name"] for tool in sandbox.tools()]


def test_labels_that_an_image_may_bring_along_are_all_overwritten(described: ContainerApp) -> None:
    assert labels_of(described)[FOLDER] == ""
    assert {LABEL, OWNER, FOLDER} < labels_of(described).keys()
