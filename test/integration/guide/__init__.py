"""Small programs of the kinds that a guide to Redis shows, for the tests to run."""
