"""Body cameras that speak MQTT 5: what they say, and the link to the broker."""
