"""telcoai: validate AI orchestration over device–edge–cloud testbeds.

The package is a set of rooms in layers; imports go down only (see ``pyproject.toml``, ``[tool.importlinter]``).
"""

__version__ = "0.1.0"
