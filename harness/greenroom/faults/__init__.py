"""Faults: what goes wrong between an agent and an app, drawn so that equal histories meet equal faults."""

from greenroom.faults.injector import Before, Injector
from greenroom.faults.keys import with_key
from greenroom.faults.latency import Latency
from greenroom.faults.profiles import HOSTILE, NONE, PROFILES, REALISTIC, Profile, parse_profile
from greenroom.faults.retry import RETRYABLE, Retrying
from greenroom.faults.wait import WAIT

__all__ = [
    "HOSTILE",
    "NONE",
    "PROFILES",
    "REALISTIC",
    "RETRYABLE",
    "WAIT",
    "Before",
    "Injector",
    "Latency",
    "Profile",
    "Retrying",
    "parse_profile",
    "with_key",
]
