"""Everything the product needs is stopped, killed and slowed in turn while people go on asking it.

    python -m tests.chaos --minutes 10 --seed 1

`load` asks, `faults` says what may go wrong, `performance` lets it go wrong, and `witness` judges afterwards.
"""
