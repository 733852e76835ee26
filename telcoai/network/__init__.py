"""Links as they really are while a run goes on: repeated measurement, and whether they stay as asked.

Must not set links, and must not know what runs over them.
"""
