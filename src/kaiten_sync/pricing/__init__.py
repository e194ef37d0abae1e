"""The catalog as the table of a pricing page: its rows, columns, cells and units, as values.

Below the stages: `report` writes it in every format, and the dashboard shows it as a page.
"""

from kaiten_sync.pricing.table import (
    Grant,
    PriceCell,
    PriceColumn,
    PriceRow,
    PriceTable,
    columns_of,
    folded,
    table_of_catalog,
    table_of_plan,
)
from kaiten_sync.pricing.units import Known, both_said, known_in_plan, said, units_of_plan

__all__ = [
    "Grant",
    "Known",
    "PriceCell",
    "PriceColumn",
    "PriceRow",
    "PriceTable",
    "both_said",
    "columns_of",
    "folded",
    "known_in_plan",
    "said",
    "table_of_catalog",
    "table_of_plan",
    "units_of_plan",
]
