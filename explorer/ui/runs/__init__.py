"""What the pages on runs share: words, buttons, boards."""
