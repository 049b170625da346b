"""Django's command line for Faircut; beside a running demo it works on the demo."""

import os
import sys

from django.core.management import execute_from_command_line

from marketplace.demo import environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    if environment.adopt():
        sys.stderr.write("Working on the running demo.\n")
    execute_from_command_line(sys.argv)
