"""Learn: how the operations of a convolutional network work."""
