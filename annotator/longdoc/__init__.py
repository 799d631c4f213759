"""Long documents read by several agents that exchange small typed messages (docs/longdoc.md)."""
