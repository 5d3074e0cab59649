"""Speed against what users would use instead: `make bench`."""
