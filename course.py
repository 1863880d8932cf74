"""Opens, tests and builds the course, on any machine with Python 3.11 or newer: python3 course.py lab."""

import os
import sys

# Everything above and at this check is written so that old Pythons, 2.7 included, can read it and say so.
if sys.version_info < (3, 11):
    sys.exit(
        "course.py: the course needs Python 3.11 or newer, and this is Python %d.%d. "
        "Install a newer one, then run: python3.11 course.py lab" % sys.version_info[:2]
    )

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from pkvm_model.course.cli import outside

if __name__ == "__main__":
    sys.exit(outside(sys.argv[1:]))
