"""Values of sources in units that everybody knows, beside what the source says. Pure functions."""

from typing import Any

_CENTIMETRES = {"in": 2.54, "ft": 30.48, "m": 100.0, "cm": 1.0}


def in_metric(value: Any, unit: str) -> tuple[float, str] | None:
    """Lengths in centimetres, temperatures in degrees Celsius. None for all else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if unit in _CENTIMETRES:
        return round(value * _CENTIMETRES[unit], 1), "cm"
    if unit == "degF":
        return round((value - 32) * 5 / 9, 1), "degC"
    return (round(float(value), 1), "degC") if unit == "degC" else None
