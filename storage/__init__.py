"""Storage remembers: the order journal, the market archive, tapes and settings files. It may import core alone."""
