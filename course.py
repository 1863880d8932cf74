"""Opens, tests and builds the course, on any machine with Python 3.11 or newer: python3 course.py lab."""

import os
import sys

# This file, and all that runs up to this check, must stay readable for old Pythons, 2.7 included, so that they say so.
if sys.version_info < (3, 11):
    sys.exit("course.py: the course needs Python 3.11 or newer, and this is Python %d.%d. "
             "Install a newer one, then run: python3.11 course.py lab" % sys.version_info[:2])

# The course comes before other packages but after Python's own modules: a file here, or in a folder that PYTHONPATH
# names, may have the name of one of them. So the doctor can still start, and name the file.
FOLDER = os.path.dirname(os.path.abspath(__file__))
named = [FOLDER] + [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
others = [path for path in sys.path if path not in named]
place = next((place for place, path in enumerate(others) if path.endswith("-packages")), len(others))
sys.path[:] = others[:place] + named + others[place:]

if __name__ == "__main__":
    try:
        from pkvm_model.typed import adopt

        words = adopt(sys.argv[1:], sys.argv[0])
        from pkvm_model.course.cli import run_outside

        status = run_outside(words)
    except ModuleNotFoundError as error:
        if error.name not in sys.stdlib_module_names:
            raise
        sys.exit("course.py: this Python lacks its own module %s. On Debian or Ubuntu: sudo apt install "
                 "python%d.%d python%d.%d-venv; elsewhere, start the course with another Python."
                 % ((error.name,) + sys.version_info[:2] * 2))
    except KeyboardInterrupt:
        # It came while the modules were imported.
        sys.stderr.write("\nStopped.\n")
        status = 130
    sys.exit(status)
