"""What draws: the Line-API grid that every ticking pane uses."""
