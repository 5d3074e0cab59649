"""What TFDV says of the examples: statistics, anomalies, and how far distributions lie apart."""
