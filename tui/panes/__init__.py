"""The panes of the console, one file each: they turn rows of the view into cells of a grid."""
