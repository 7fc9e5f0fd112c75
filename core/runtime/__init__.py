"""When it happens: the asyncio shell around the engine. It journals, then hands on what the engine returns."""
