"""The command line: one file a verb. Parses, makes one call, prints.

The only room that prints or exits. Heavy imports stay inside commands, so that ``telcoai --help`` is quick.
"""
