"""The node runtime: one process a node that serves stages of models over the Open Inference Protocol v2.

It runs the stages that fall to its node, leaves at exits, forwards activations to the next hop, paces compute to its
device profile and tells how long each part took. ``python -m telcoai.serving CONFIG.json`` starts it.
Must not decide placements (strategies do), know links or topologies (packets find their own way), or start processes.
"""
