"""Sources -> validated core -> marts -> one published build."""
