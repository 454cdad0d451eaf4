"""The wire: apps served to other processes and machines, and the client that makes a sandbox of what is served."""
