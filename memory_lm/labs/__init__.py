"""Experiments with numbers to meet and controls that must fail: ``newsroom lab NAME``.

A lab is a module of this package with ``run(settings: LabSettings) -> Report`` and
``figure(report: Report) -> matplotlib.figure.Figure``; the first line of its docstring is what
``newsroom lab`` lists. Everything it shares with other labs is in :mod:`memory_lm.labs.report`.
"""
