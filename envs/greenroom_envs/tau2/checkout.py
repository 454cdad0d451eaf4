"""A local checkout of tau2-bench: nothing of it is copied, its own modules are imported from where they lie."""

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from greenroom.errors import UnknownNameError, UsageError

VARIABLE = "GREENROOM_TAU2"
DATA_VARIABLE = "TAU2_DATA_DIR"


@dataclass(frozen=True)
class Checkout:
    """A folder that holds tau2-bench.

    Attributes:
        path: The checkout; its package lies in `src/tau2`.
    """

    path: Path

    @classmethod
    def find(cls, path: Path | str | None = None) -> "Checkout":
        """The checkout at a path, or else where the variable GREENROOM_TAU2 says.

        Raises:
            UsageError: Nothing says where, or it is none.
        """
        given = path or os.environ.get(VARIABLE)
        if not given:
            raise UsageError(
                f"where is tau2-bench? Set {VARIABLE} to the folder of a checkout of sierra-research/tau2-bench"
            )
        checkout = cls(Path(given).expanduser().resolve())
        if not checkout.domains():
            raise UsageError(f"'{given}' is no checkout of tau2-bench: it has no src/tau2/domains/*/environment.py")
        return checkout

    @property
    def source(self) -> Path:
        """Where its package lies."""
        return self.path / "src"

    def domains(self) -> list[str]:
        """The names of its domains."""
        return sorted(p.parent.name for p in self.source.glob("tau2/domains/*/environment.py"))

    def load(self, domain: str) -> ModuleType:
        """The domain's own `environment` module, which makes its environment and its tasks.

        Raises:
            UnknownNameError: There is no such domain.
            UsageError: Another tau2 is loaded, or a package that it needs is not installed.
        """
        if domain not in self.domains():
            raise UnknownNameError("tau2 domain", domain, self.domains())
        self._use()
        try:
            module = import_module(f"tau2.domains.{domain}.environment")
        except ModuleNotFoundError as error:
            raise UsageError(f"tau2-bench needs the package '{error.name}': pip install -e {self.path}") from error
        self._hush()
        return module

    def _use(self) -> None:
        loaded = sys.modules.get("tau2")
        if loaded is not None and not str(loaded.__file__ or loaded.__path__).startswith(str(self.source)):
            raise UsageError(f"another tau2 is loaded in this process: {loaded.__file__}; one checkout a process")
        if str(self.source) not in sys.path:
            sys.path.insert(0, str(self.source))
        if (self.path / "data").is_dir():
            os.environ.setdefault(DATA_VARIABLE, str(self.path / "data"))

    def _hush(self) -> None:
        """Its log lines go to standard error by default, a few for each call."""
        logging = sys.modules.get("loguru")
        if logging is not None:
            logging.logger.disable("tau2")
