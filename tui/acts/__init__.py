"""What actions do: one class per room of ids (`move.`, `trade.`, `work.`), one method per action."""
