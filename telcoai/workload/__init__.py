"""Workloads: families of models cut in stages, with an exit after each, and the samples that score them.

Holds the interface of a workload (entry points ``telcoai.workloads``), what computes a stage's costs from its graph,
what runs a chain of stages, and the replay table; the built-in families are in ``efficientnet_lite`` and
``speaker_vowels``. Must not know nodes, links or strategies, nor serve requests, and must not import other rooms beside
it.
"""
