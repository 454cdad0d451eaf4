"""The command line, `greenroom`."""
