"""The catalogue of rules that a file is checked by: what is wrong, what F&O makes of it, what to do.

docs/checks.md lists the same rules, and a test compares the two. Sources of the symptoms: Microsoft Learn "Data
management package REST API" and "Data management overview", threads of users, and Microsoft's own client for recurring
integrations. Where two sources differ, or only one was found, the rule warns and does not reject.
"""

from __future__ import annotations

from shared.domain.checks.rules import content, landing, package, shape
from shared.domain.checks.rules.rule import Rule, Weight

__all__ = ["RULES", "Rule", "Weight"]

#: Every rule by its name.
RULES: dict[str, Rule] = {rule.name: rule for rule in (*landing.RULES, *shape.RULES, *package.RULES, *content.RULES)}
