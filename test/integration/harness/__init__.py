"""What the integration tests stand on: a server to start, a RESP client, the test matrix."""
