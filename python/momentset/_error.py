"""The one exception of the package."""

from __future__ import annotations


class Error(ValueError):
    """Invalid input: an argument, column or file broke a rule.

    Reads "<field>: <value>: <rule>". Numerical outcomes, such as a residual above its tolerance, are never exceptions:
    they are fields of the results.

    Attributes:
        field: argument, column or file at fault.
        value: what was found there; may be empty where the rule says it all.
        rule: the rule that it broke.
    """

    def __init__(self, field: str, value: str, rule: str):
        super().__init__(field, value, rule)
        self.field = field
        self.value = value
        self.rule = rule

    def __str__(self) -> str:
        return ": ".join(part for part in (self.field, self.value, self.rule) if part)
