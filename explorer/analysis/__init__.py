"""Network and input size → layers, shapes, costs, memory, receptive fields, mismatches."""
