"""The domains of tau2-bench (airline, retail, telecom, or another), played from your own copy: docs/tau2.md."""

from greenroom_envs.tau2.app import Tau2App, airline, domain_app, named, retail, telecom

__all__ = ["Tau2App", "airline", "domain_app", "named", "retail", "telecom"]
