"""Tables of the userspace network: for each node, which link directions lead to each address."""

from __future__ import annotations

from ipaddress import IPv4Network

from telcoai.emulation.layout import DOWN, UP, Layout, direction_seed
from telcoai.emulation.shaper import Direction
from telcoai.model.routes import routes_from

_SHORT, _LONG = 24, 32

Path = tuple[Direction | int, ...]
"""Directions to cross, then the descriptor of the destination's TUN device."""


class Wiring:
    """All directions of a sandbox's links and the paths over them."""

    def __init__(self, layout: Layout, tuns: dict[str, int]) -> None:
        self.directions: dict[tuple[str, str], Direction] = {}
        self._touching: dict[str, list[Direction]] = {node.name: [] for node in layout.nodes}
        self.down: set[str] = set()
        for link in layout.links:
            for name, state in ((UP, link.up), (DOWN, link.down)):
                direction = Direction(state, direction_seed(layout.seed, link.name, name))
                self.directions[link.name, name] = direction
                self._touching[link.a].append(direction)
                self._touching[link.b].append(direction)
        self.tables = {tuns[node.name]: self._table(layout, node.name, tuns) for node in layout.nodes}

    def _table(self, layout: Layout, source: str, tuns: dict[str, int]) -> dict[bytes, Path]:
        table: dict[bytes, Path] = {}
        keys = {node.name: [key for net in node.networks for key in keys_of(net)] for node in layout.nodes}
        for target, steps in routes_from(layout.links, source).items():
            if steps:
                crossed = [self.directions[s.link.name, UP if s.upward else DOWN] for s in steps]
                table.update(dict.fromkeys(keys[target], (*crossed, tuns[target])))
        return table

    def reseed(self, seed: int) -> None:
        """Draw the loss and jitter of every direction anew from ``seed``."""
        for (link, name), direction in self.directions.items():
            direction.reseed(direction_seed(seed, link, name))

    def set_node(self, node: str, *, up: bool) -> None:
        """Let nothing through the links at a node that is down. KeyError when there is no such node."""
        touching = self._touching[node]
        if up == (node not in self.down):
            return
        (self.down.discard if up else self.down.add)(node)
        for direction in touching:
            direction.blocks += -1 if up else 1


def keys_of(network: IPv4Network) -> list[bytes]:
    """What the engine looks addresses of ``network`` up by: three bytes of them, or all four for less than a /24."""
    whole = network.prefixlen <= _SHORT
    parts = network.subnets(new_prefix=_SHORT if whole else _LONG)
    return [part.network_address.packed[: 3 if whole else 4] for part in parts]
