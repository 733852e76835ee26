"""Device profiles from measurement: a workload's stages run on a real machine, here or over SSH, as a node runs them.

``measure`` and what it imports also run alone on the other machine. Must not start testbeds, nor decide where stages
run; what can't be measured (power) comes from the caller, with its source.
"""
