"""The command line: one file per group of verbs, each imported only when its verb is used."""
