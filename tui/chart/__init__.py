"""What stands on a chart, as plain values: bars and their columns, the view on them, indicators, price levels. Nothing
here draws; tui/widgets/candles.py does, and tui/panes/chart.py puts the two together."""
