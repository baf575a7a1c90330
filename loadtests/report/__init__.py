"""What a run looks like: sections made of its record, and the formats they come in."""
