"""Prints as JSON what kind of Python this is; must run on old ones too."""

import json
import platform

print(
    json.dumps(
        {
            "python": ".".join(platform.python_version_tuple()[:2]),
            "machine": platform.machine(),
            "libc": " ".join(platform.libc_ver()),
        }
    )
)
