"""Numbers with their units."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from bot.cards.values import one_line, value_text

#: Currencies of which amounts have two digits behind the point; those without a smaller unit
#: are written as they are.
_CENTS = frozenset(
    {
        "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP",
        "HKD", "HUF", "IDR", "ILS", "INR", "KES", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN",
        "PHP", "PKR", "PLN", "RON", "RSD", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH",
        "USD", "UYU", "ZAR",
    }
)  # fmt: skip
_CENT_DIGITS = -2
_MOST_DIGITS = 60  # a longer number is shown as it came


def number_text(value: Any, unit: str = "") -> str:
    """Write a number with separators and its unit: `1,250.00 EUR`. No digit is rounded away."""
    found = _decimal(value)
    after = f" {one_line(unit)}" if unit.strip() else ""
    if found is None:
        return f"{value_text(value)}{after}"
    digits = found.as_tuple().exponent
    if unit.strip().upper() in _CENTS and isinstance(digits, int) and digits > _CENT_DIGITS:
        found = found.quantize(Decimal("0.01"))
    return f"{found:,f}{after}"


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(value if isinstance(value, str) else repr(value))
        is_sane = found.is_finite() and abs(found.adjusted()) < _MOST_DIGITS
    except (InvalidOperation, ValueError):
        return None
    return found if is_sane and len(found.as_tuple().digits) <= _MOST_DIGITS else None
