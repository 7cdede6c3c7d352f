"""What a coreset says of itself, in words and as a table for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from momentset._certificate import Certificate

if TYPE_CHECKING:
    from momentset._coreset import Coreset


def duration(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def moments(certificate: Certificate) -> str:
    where = "one cell" if certificate.cells == 1 else f"each of {certificate.cells:,} cells"
    return (f"{certificate.features:,} up to order {certificate.order} in {', '.join(certificate.columns)}, kept in "
            f"{where}")


def comparison(certificate: Certificate) -> str:
    functions = sum(probe.functions for probe in certificate.probes)
    text = f"{certificate.probe_coreset:.1e} on {functions} smooth functions"
    if certificate.probe_random > 0:
        text += f"; random rows: {certificate.probe_random:.1e}"
    return text


def certificate_facts(certificate: Certificate) -> list[tuple[str, str]]:
    return [
        ("rows", f"{certificate.rows:,} → {certificate.size:,}"),
        ("moments", moments(certificate)),
        ("moment residual", f"{certificate.worst_residual:.1e} at worst (allowed: {certificate.tolerance:.1e})"),
        ("effective size", f"{certificate.effective_sample_size:,.0f} of {certificate.size:,}"),
        ("error", comparison(certificate)),
    ]


def facts(coreset: Coreset) -> list[tuple[str, str]]:
    """Label and value of each line of the summary."""
    found = certificate_facts(coreset.certificate)
    if coreset.alternatives:
        errors = ", ".join(f"{name} {error:.1e}" for name, error in coreset.alternatives.items())
        found.append(("compared", f"{errors}; the first was taken"))
    if coreset.seconds:
        stages = ", ".join(f"{stage} {duration(seconds)}" for stage, seconds in coreset.seconds.items())
        found.append(("time", f"{duration(sum(coreset.seconds.values()))} ({stages})"))
    return found


def coreset_table(coreset: Coreset) -> str:
    """A table with the verdict as its caption; colours are the notebook's own."""
    rows = "".join(f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(value)}'
                   "</td></tr>" for label, value in facts(coreset))
    notes = "".join(f"<li>{escape(notice)}</li>" for notice in coreset.notices)
    return (f"<div><p><strong>{escape(coreset.certificate.verdict)}</strong></p><table><tbody>{rows}</tbody></table>"
            f"{f'<ul>{notes}</ul>' if notes else ''}</div>")
