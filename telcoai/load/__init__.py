"""Load: open-loop drivers that send requests when a schedule says so, and never wait for a reply to send the next.

Turns a demand into a schedule of int64 nanoseconds before the start, drives it with its own HTTP client in one
single-threaded process, and writes one row a request as it goes. Latency counts from the scheduled time, so that a
driver or server that falls behind shows it. Must not decide where requests are served, judge a run, or summarise one.
"""
