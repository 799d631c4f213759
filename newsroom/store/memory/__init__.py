"""The memory bank: what was read before, numbered by its writes, for every process on any host."""
