"""Routes of a node that is there already: what goes to the other nodes and their pods takes the TUN device.

A rule ahead of the main table leads to a table of their own, so that the node's own routes (a cluster's network plugin
keeps changing them) stay as they are. Closing the TUN device removes the routes; the rule alone does nothing.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from ipaddress import IPv4Network

from telcoai.emulation import linux

TABLE = 100
PRIORITY = 100


def divert(networks: Iterable[IPv4Network], own_address: str) -> None:
    """Send packets to ``networks`` over the TUN device of the current network namespace, from ``own_address``."""
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    with IPRoute() as door:
        index = door.link_lookup(ifname=linux.INTERFACE)[0]
        for network in networks:
            door.route("replace", dst=str(network), oif=index, prefsrc=own_address, table=TABLE, scope="link")
        try:
            door.rule("add", table=TABLE, priority=PRIORITY)
        except NetlinkError as err:
            if err.code != errno.EEXIST:
                raise
