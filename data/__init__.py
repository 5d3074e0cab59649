"""Stage 1, data: the BRISC folder, its checks, its splits and the synthetic sample."""
