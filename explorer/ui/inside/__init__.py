"""What the pages that look inside a network share."""
