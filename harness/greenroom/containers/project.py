"""The compose project: where its files are, what its settings say, and the program that runs it."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from greenroom.containers import tokens
from greenroom.errors import SandboxError, UsageError

FILE, SETTINGS, EXAMPLE = "compose.yaml", ".env", ".env.example"
FILES = (FILE, "compose.override.yaml", "compose.override.yml")
VARIABLE = "GREENROOM_COMPOSE"
NAME = "COMPOSE_PROJECT_NAME"
STORE, MODEL = "POSTGRES_PASSWORD", "MODEL_TOKEN"
SECRETS = (*map(tokens.variable, ("mail", "booking", "shop")), STORE, MODEL)
EVERY = "*"
"""All profiles."""
LINE = re.compile(r"""\s*(?:export\s+)?(\w+)\s*=\s*(?:'([^']*)'|"([^"]*)"|(.*?))(?:\s+#.*)?\s*""")
"""A setting, as compose reads it: a value may be quoted, and a comment may follow."""


class Project:
    """A folder with a compose file.

    Args:
        folder: The folder.
        environment: Variables that go before the settings' own; this process's when None.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._environment = dict(os.environ if environment is None else environment)
        self._held: tuple[int, ...] = ()

    @classmethod
    def find(cls) -> "Project | None":
        """The project of GREENROOM_COMPOSE, of the folder we are in or one above, or of greenroom's own repository.

        Raises:
            UsageError: GREENROOM_COMPOSE names a folder that has none.
        """
        if named := os.environ.get(VARIABLE):
            if not (Path(named) / FILE).is_file():
                raise UsageError(f"{VARIABLE} names '{named}', where there is no {FILE}")
            return cls(Path(named))
        here = Path.cwd()
        repository = Path(__file__).resolve().parents[3]
        for folder in (here, *here.parents, repository):
            if (folder / "compose" / FILE).is_file() and (folder / "compose" / EXAMPLE).is_file():
                return cls(folder / "compose")
        return None

    @classmethod
    def need(cls) -> "Project":
        """The same, where nothing can be done without one.

        Raises:
            UsageError: There is none.
        """
        project = cls.find()
        if project is None:
            raise UsageError(
                f"there is no compose/{FILE} here: images are built from greenroom's repository; go there, "
                f"or name its compose folder in {VARIABLE}"
            )
        return project

    @property
    def settings(self) -> dict[str, str]:
        """What is set: by the environment, else by the file of settings."""
        return {**self._written(), **self._environment}

    def _written(self) -> dict[str, str]:
        file = self.folder / SETTINGS
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        found = [match.groups(default="") for line in lines if (match := LINE.fullmatch(line))]
        return {name: single or double or plain for name, single, double, plain in found}

    @property
    def name(self) -> str:
        """The project's name, which its containers are labelled with."""
        return self.settings.get(NAME) or "greenroom"

    @property
    def is_named_elsewhere(self) -> bool:
        """Whether the environment gives it another name than its own settings do."""
        return self.name != (self._written().get(NAME) or "greenroom")

    @property
    def gateway(self) -> str:
        """Where the gateway's control port is."""
        return f"http://127.0.0.1:{self.settings.get('CONTROL_PORT') or 8470}"

    @property
    def agents(self) -> str:
        """Where the gateway's agent port is."""
        return f"http://127.0.0.1:{self.settings.get('AGENT_PORT') or 8471}"

    def settle(self, more: Mapping[str, str] | None = None) -> bool:
        """Write a file of settings with random tokens, where there is none; returns whether it did.

        Args:
            more: Settings that go behind those of the example.
        """
        file = self.folder / SETTINGS
        if file.exists():
            return False
        lines = (self.folder / EXAMPLE).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            name = line.partition("=")[0]
            if name in SECRETS:
                lines[number] = f"{name}={tokens.made()}"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write("\n".join([*lines, *(f"{name}={value}" for name, value in (more or {}).items())]) + "\n")
        return True

    def add_tokens(self) -> list[str]:
        """Add random tokens to a file of settings that has none for an app of the compose files, or for models.

        Returns:
            Their names. The store's is not among them: a store that is there already has the one it was made with.
        """
        known = self.settings
        files = known["COMPOSE_FILE"].split(os.pathsep) if known.get("COMPOSE_FILE") else FILES
        texts = [path.read_text(encoding="utf-8") for name in files if (path := self.folder / name).is_file()]
        missing = [name for name in dict.fromkeys([*tokens.named("\n".join(texts)), MODEL]) if not known.get(name)]
        file = self.folder / SETTINGS
        if missing:
            said = file.read_text(encoding="utf-8")
            more = "".join(f"{name}={tokens.made()}\n" for name in missing)
            with file.open("a", encoding="utf-8") as out:
                out.write(more if said.endswith("\n") or not said else f"\n{more}")
        return missing

    def token(self, app: str) -> str | None:
        """The token of an app: of the environment, else of the file of settings; None where there is none."""
        return tokens.token(app, [self._environment, self._written()])

    @contextmanager
    def alone(self, waiting: Callable[[], None] = lambda: None) -> Generator[None]:
        """Have the project to oneself: of two that start it at once, each may make the network, or replace what the
        other has just started.

        It is the folder that is locked, by this process and the compose that it runs: until the last of them has
        ended, however it does.

        Args:
            waiting: Called when another has it.
        """
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(folder, waiting)
            self._held = (folder,)
            yield
        finally:
            self._held = ()
            os.close(folder)

    @cached_property
    def command(self) -> list[str]:
        """What runs compose here: its version 2, else its version 1.

        Raises:
            UsageError: Neither is installed.
        """
        found = compose_command()
        if found is None:
            raise UsageError("compose is not installed: apt-get install docker-compose, or see `greenroom doctor`")
        return found

    def run(self, *arguments: str, to: IO[str] | None = None) -> None:
        """Run compose in the project's folder.

        Args:
            arguments: Of compose.
            to: Where it prints; to standard output when None.

        Raises:
            SandboxError: It failed.
        """
        self._run(arguments, to)

    def ask(self, *arguments: str) -> str:
        """Run compose and return what it prints to standard output.

        Raises:
            SandboxError: It failed.
        """
        return self._run(arguments, subprocess.PIPE)

    def _run(self, arguments: Sequence[str], to: IO[str] | int | None) -> str:
        environment = {NAME: self.name, **self._environment}
        command = [*self.command, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, stdout=to, text=True, check=False, pass_fds=self._held
        )
        if done.returncode:
            raise SandboxError(f"`{' '.join(command)}` failed with {done.returncode}, see above")
        return done.stdout or ""

    def services(self, profiles: Sequence[str] = ()) -> list[str]:
        """The services that are started when none is named.

        Args:
            profiles: Services of these as well; `*` is every profile.
        """
        # Not `config --services`: version 1 names those of all profiles there.
        told = self._told(profiles)
        chosen = {*profiles, *self.settings.get("COMPOSE_PROFILES", "").split(",")}

        def starts(name: str) -> bool:
            needed = told[name].get("profiles")
            return not needed or EVERY in chosen or not chosen.isdisjoint(needed)

        return sorted(filter(starts, told))

    def given_tokens(self, profiles: Sequence[str] = ()) -> dict[str, str]:
        """What services are given as their control plane's token, as compose reads the files; of those that are."""
        given = {name: service.get("environment", {}) for name, service in self._told(profiles).items()}
        return {name: str(found[tokens.VARIABLE]) for name, found in given.items() if tokens.VARIABLE in found}

    def _told(self, profiles: Sequence[str]) -> dict[str, dict[str, Any]]:
        import yaml

        return yaml.safe_load(self.ask(*profile_options(profiles), "config"))["services"]


def profile_options(profiles: Sequence[str]) -> list[str]:
    """What compose is told of profiles, before its command."""
    return [f"--profile={name}" for name in profiles]


def _lock(folder: int, waiting: Callable[[], None]) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(folder, fcntl.LOCK_EX)
    except OSError:
        pass  # Some network file systems lock no folders: better without a lock than not at all.


def compose_command() -> list[str] | None:
    """`docker compose` where that plugin is installed, else `docker-compose`; None where neither is."""
    if shutil.which("docker"):
        asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if asked.returncode == 0:
            return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None
