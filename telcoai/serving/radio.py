"""What a node's radio did: bytes, and how long it was connected for them."""

from __future__ import annotations


class Radio:
    """Connected from the first byte that is sent until ``tail_ns`` after the last answer is back; overlaps count once.

    All times are of one clock, in ns, and never go back.
    """

    def __init__(self, tail_ns: int) -> None:
        self.sent_bytes = 0
        self.received_bytes = 0
        self._tail_ns = tail_ns
        self._under_way = 0
        self._since_ns = self._until_ns = 0
        self._before_ns = 0

    def begin(self, now_ns: int) -> None:
        """Something is sent."""
        if not self._under_way and now_ns >= self._until_ns:
            self._before_ns += self._until_ns - self._since_ns
            self._since_ns = now_ns
        self._under_way += 1

    def end(self, now_ns: int, sent: int, received: int) -> None:
        """Its answer is back, or none will come."""
        self._under_way -= 1
        self._until_ns = max(self._until_ns, now_ns + self._tail_ns)
        self.sent_bytes += sent
        self.received_bytes += received

    def connected_ns(self, now_ns: int) -> int:
        """How long it was connected up to now."""
        until_ns = now_ns if self._under_way else min(now_ns, self._until_ns)
        return self._before_ns + until_ns - self._since_ns
