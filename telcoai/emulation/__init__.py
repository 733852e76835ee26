"""Virtual hosts: a sandbox of Linux namespaces per testbed, its supervisor, and the userspace network between nodes.

Does: makes and removes sandboxes, starts and signals processes in nodes, emulates links packet by packet, measures
links from inside nodes, bounds each node's memory where cgroups allow it, and scans for what a crash left behind.

Must not: read users' files, know workloads, strategies or runs, print, or touch the host's own network. It needs no
program besides Python: namespaces, TUN devices and timers are asked of the kernel directly.
"""
