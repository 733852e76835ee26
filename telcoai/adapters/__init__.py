"""The doors out of telcoai: thin ways to what lies outside of it (kernel, processes, foreign programs).

Each door wraps one thing, turns its failures into telcoai's errors where it has any, and holds no policy. Must not
know testbeds, plans or experiments; rooms above decide what to do, a door only does it.
"""
