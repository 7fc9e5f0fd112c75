"""A `hoga` with the reference venue plugged in, as the program would have a real broker: `python -m tests.plugged ...`
is `hoga ...` with one folder more of brokers. It is how real money is shown where no real venue can be reached."""
