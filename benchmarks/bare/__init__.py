"""The yardstick: Django REST framework with nothing of ours but the sign-in, in the same server process."""
