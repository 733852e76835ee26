"""How a round of probes over all links of virtual hosts is timed: here, so that who plays it needs nothing of Linux."""

LIVE_TRIPS = 3
"""Round trips on each link while a run goes on. The median of each direction counts."""

STAGGER_NS = 500_000
"""From one probe to the next: all links in turn, then all of them again."""

GRACE_NS = 500_000_000
"""How long a round waits, beyond the longest round trip asked, for probes that don't come back."""

HEADERS_BYTES = 28
"""IPv4 and UDP headers, which count as link load."""

ECHO_BYTES = 64
"""What a probe carries."""
