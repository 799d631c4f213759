"""How good labels are: agreement, calibration, floors, blindness, injection."""
