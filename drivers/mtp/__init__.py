"""Cameras that speak MTP: their objects are listed, and pulled to a spool when their turn comes."""
