#!/usr/bin/env python
"""Django's command line, with development settings unless the environment names others."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.development")
    execute_from_command_line(sys.argv)
