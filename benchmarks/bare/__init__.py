"""The yardstick: Django REST framework with the usual tokens and nothing of ours, in the same processes."""
