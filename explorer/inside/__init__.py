"""A network and a picture → activations, arithmetic, attribution, visualisation, comparison."""
