"""Django's own commands, for development: makemigrations, makemessages, shell. Work with `yinuo`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yinuo.settings")
    os.environ.setdefault("YINUO_DB_AS", "owner")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
