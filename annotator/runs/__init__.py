"""Runs beside one another: panels, comparison, replay."""
