from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from telcoai.serving.cores import Cores
from telcoai.serving.stats import RECENT, Stats


def test_prometheus_reads_the_metrics() -> None:
    stats = Stats("edge", Cores(4, 10, "edge"))
    stats.arrivals['odd "name"\\'] += 3
    stats.answers[200] += 2
    stats.add_latency("vision", 3.0)
    stats.add_latency("vision", 99_999.0)
    families = {family.name: family for family in text_string_to_metric_families(stats.prometheus())}
    assert families["telcoai_cores"].samples[0].value == 4
    assert families["telcoai_arrivals"].samples[0].labels == {"service": 'odd "name"\\'}
    buckets = {s.labels.get("le"): s.value for s in families["telcoai_latency_seconds"].samples if "le" in s.labels}
    assert (buckets["0.002"], buckets["0.005"], buckets["+Inf"]) == (0, 1, 2)


def test_only_recent_latencies_are_kept() -> None:
    stats = Stats("edge", Cores(1, 1, "edge"))
    for ms in range(RECENT + 10):
        stats.add_latency("vision", float(ms))
    assert stats.document()["latency_ms"]["vision"] == [float(ms) for ms in range(10, RECENT + 10)]
    assert stats.document()["answered"] == {"vision": RECENT + 10}
