"""Records and arrays → what is drawn: the layer board's data and plotly figures. Never a model."""
