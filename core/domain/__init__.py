"""What things are: immutable structs without I/O, asyncio or a clock. Money is Decimal, market data float."""
