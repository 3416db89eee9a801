#!/usr/bin/env python3
"""The one command of Chancery: ``python3 manage.py up`` runs it, ``python3 manage.py test`` tests it.

This file needs a bare Python and nothing else. It hands over to ``portal.runtime.bootstrap``, which makes the virtual
environment and starts this file again inside it; from there ``portal`` knows what each command means.
"""

import runpy
import sys

OLDEST = (3, 11)

if __name__ == "__main__":
    if sys.version_info < OLDEST:
        here = ".".join(map(str, sys.version_info[:2]))
        sys.exit("Chancery needs Python 3.11 or newer; this is Python " + here + " (" + sys.executable + ").")
    runpy.run_module("portal.runtime.bootstrap", run_name="__main__", alter_sys=True)
    runpy.run_module("portal", run_name="__main__", alter_sys=True)
