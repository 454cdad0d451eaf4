"""The kinds of sandboxes that the contract is held against."""

import pytest

KINDS = ("local", "process", "remote", pytest.param("docker", marks=pytest.mark.docker))
ISOLATED = pytest.param("isolated", marks=pytest.mark.docker)
"""A container for each rollout."""
