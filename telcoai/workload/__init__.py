"""Workloads: families of models cut in stages, with an exit after each, and the samples that score them.

Holds the interface of a workload (entry points ``telcoai.workloads``), what computes a stage's costs from its graph,
what runs a chain of stages, and the replay table; the built-in family is in ``efficientnet_lite``. Must not know
nodes, links or strategies, nor serve requests, and must not import other rooms beside it.
"""
