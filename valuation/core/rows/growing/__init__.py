"""HCDV of rows that come and go, and of rows made from others."""
