"""tau2: any domain of a local tau2-bench checkout, played as a greenroom environment."""

from greenroom_envs.tau2.app import Tau2App, airline, domain_app, named, retail, telecom

__all__ = ["Tau2App", "airline", "domain_app", "named", "retail", "telecom"]
