"""What takes minutes: `make torture`, and not `make test`."""
