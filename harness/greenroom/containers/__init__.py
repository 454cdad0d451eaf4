"""Containers: how greenroom starts them, how hard they are, how those of a killed harness are found, compose."""
