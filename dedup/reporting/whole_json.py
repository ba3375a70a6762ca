"""The whole report as one JSON object, written piece by piece, one finding or decision a line."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import BinaryIO

from dedup.model import Cluster, Counts, Report
from dedup.reporting.json_values import Json, decision_value, encoded, match_value, quarantined_value

FORMAT_VERSION = 1
"""Raised when a key changes its meaning or goes away; new keys do not raise it."""

_MEMBERS_AT_ONCE = 10_000


def write_json(report: Report, stream: BinaryIO) -> None:
    """Write findings, clusters, decisions, quarantined records, counts and fingerprints as one object.

    `decisions` and `quarantined` hold the objects that `write_decisions` writes as lines.
    """
    stream.write(b'{"version": %d,\n' % FORMAT_VERSION)
    _write_list("findings", (encoded(match_value(each)) for each in report.matches), stream)
    stream.write(b'"clusters": [')
    for number, cluster in enumerate(report.clusters):
        stream.write(b",\n" if number else b"\n")
        stream.writelines(_cluster_pieces(cluster))
    stream.write(b"\n],\n")
    _write_list("decisions", (encoded(decision_value(each)) for each in report.decisions), stream)
    _write_list("quarantined", (encoded(quarantined_value(each)) for each in report.quarantined), stream)
    stream.write(b'"counts": ' + encoded(_counts_value(report.counts)) + b",\n")
    stream.write(b'"config": ' + encoded(report.config) + b",\n")
    stream.write(b'"background": ' + encoded(report.background) + b"}\n")


def _write_list(name: str, items: Iterable[bytes], stream: BinaryIO) -> None:
    stream.write(encoded(name) + b": [")
    for number, item in enumerate(items):
        stream.write((b",\n" if number else b"\n") + item)
    stream.write(b"\n],\n")


def _cluster_pieces(cluster: Cluster) -> Iterator[bytes]:
    """Write a cluster in pieces, because one may hold most of a corpus."""
    yield b'{"representative":' + encoded(cluster.representative) + b',"members":['
    for first in range(0, len(cluster.members), _MEMBERS_AT_ONCE):
        some = encoded(cluster.members[first : first + _MEMBERS_AT_ONCE])
        yield (b"," if first else b"") + some[1:-1]
    yield b"]}"


def _counts_value(counts: Counts) -> Json:
    values: dict[str, Json] = {}
    for name in (field.name.removeprefix("count_") for field in fields(counts)):
        value = getattr(counts, name)
        values[name] = value if isinstance(value, int) else {str(key): n for key, n in value.items()}
    return values
