"""The screens: which panes stand where at which size."""
