"""Advisories as files of the OSV format have them, small enough for a test."""

from __future__ import annotations

from typing import Any


def advisory(
    name: str = "h11", ecosystem: str = "PyPI", id: str = "A-1", **more: Any
) -> dict[str, Any]:
    """Of one package, 0.16.0 and what is older; `more` are other fields of its part."""
    events = [{"introduced": "0"}, {"fixed": "0.16.1"}]
    part = {
        "package": {"ecosystem": ecosystem, "name": name, "purl": f"pkg:pypi/{name}"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {
        "schema_version": "1.6.0",
        "id": id,
        "modified": "2026-01-02T03:04:05Z",
        "aliases": ["CVE-2026-1", f"GHSA-{id}"],
        "summary": "unknown fields are passed over",
        "affected": [part | more],
    }
