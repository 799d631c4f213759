"""Outlets as data, and sources whose silence is noticed."""
