"""The encoder of HCDV: rows as points on a sphere, in whose space unlike targets lie apart."""
