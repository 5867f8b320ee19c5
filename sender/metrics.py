"""Counters and gauges of the sender for Prometheus. Incremented by batch, never by message."""

from prometheus_client import Counter, Gauge

SUBMITTED = Counter("pregon_submitted_total", "Messages marked as submitted and handed to a link", ["route"])
RESULTS = Counter("pregon_results_total", "What became of submitted messages", ["event"])
RECEIPTS = Counter("pregon_receipts_total", "Receipts that changed a message", ["event"])
READY = Gauge("pregon_ready_messages", "Messages claimed and rendered, waiting for room")
IN_FLIGHT = Gauge("pregon_in_flight_messages", "Messages submitted and not settled")
LINKS = Gauge("pregon_links_bound", "Links that are bound")
BINDS = Gauge("pregon_binds_held", "Links that run: this sender's part of the route's binds", ["route"])
WINDOW_USE = Gauge("pregon_window_use_ratio", "Submits in flight over the link's window: 1 is full", ["link"])
CLAIM_LAG = Gauge("pregon_claim_lag_seconds", "How long the campaign that waits longest for messages has waited")
