"""What operators want to know of all processes together: events of the last day, counts of the last hour.

Kept in Redis, bounded in length and age, and written only where something happened. While Redis is
away each process keeps its own.
"""
