"""The marketplace's forms: they say whether an input can be read, services say whether it may be done."""
