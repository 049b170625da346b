"""The local games of HCDV: what each part of a node takes of its pot."""
