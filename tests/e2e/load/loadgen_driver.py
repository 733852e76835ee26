"""MLPerf's load generator on a server: ``python loadgen_driver.py PORT RATE SECONDS FOLDER`` prints figures as JSON.

Scenario "Server": Poisson arrivals, latency from the scheduled time, as ours. Each query is handed to a thread with a
kept-alive connection of its own.
"""

from __future__ import annotations

import http.client
import json
import queue
import sys
import threading
from pathlib import Path

import mlperf_loadgen as loadgen

_THREADS = 64
_BODY = b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]}'


def work(port: int, queries: queue.SimpleQueue[loadgen.QuerySample | None]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    while (query := queries.get()) is not None:
        connection.request("POST", "/v2/models/vision/infer", _BODY, {"content-type": "application/json"})
        connection.getresponse().read()
        loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(query.id, 0, 0)])
    connection.close()


def settings(rate: float, seconds: float) -> loadgen.TestSettings:
    wanted = loadgen.TestSettings()
    wanted.scenario = loadgen.TestScenario.Server
    wanted.mode = loadgen.TestMode.PerformanceOnly
    wanted.server_target_qps = rate
    wanted.server_target_latency_ns = 10_000_000_000
    wanted.min_duration_ms = int(seconds * 1000)
    wanted.min_query_count = 1
    return wanted


def run(port: int, rate: float, seconds: float, folder: Path) -> None:
    queries: queue.SimpleQueue[loadgen.QuerySample | None] = queue.SimpleQueue()
    threads = [threading.Thread(target=work, args=(port, queries)) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    sut = loadgen.ConstructSUT(lambda samples: [queries.put(sample) for sample in samples] and None, lambda: None)
    qsl = loadgen.ConstructQSL(100, 100, lambda _: None, lambda _: None)
    log = loadgen.LogSettings()
    log.log_output.outdir = str(folder)
    log.log_output.copy_summary_to_stdout = False
    log.enable_trace = False
    loadgen.StartTestWithLogSettings(sut, qsl, settings(rate, seconds), log)
    for _ in threads:
        queries.put(None)
    for thread in threads:
        thread.join()
    loadgen.DestroyQSL(qsl)
    loadgen.DestroySUT(sut)


def figures(folder: Path) -> dict[str, float]:
    """Percentiles in ms from the summary, such as ``50.00 percentile latency (ns)   : 20400000``."""
    found = {}
    for line in (folder / "mlperf_log_summary.txt").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip().endswith("percentile latency (ns)"):
            found[name.split()[0]] = int(value) / 1e6
    return found


if __name__ == "__main__":
    run(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
    print(json.dumps(figures(Path(sys.argv[4]))))
