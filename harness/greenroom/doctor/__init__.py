"""What a machine has of what greenroom can use, and what to do about the rest."""
