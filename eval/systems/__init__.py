"""Systems under test, one a file."""
