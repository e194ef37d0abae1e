"""The catalog as the table of a pricing page: its rows, columns and cells, as values.

Below the stages: `report` writes it in every format, and the dashboard shows it as a page.
"""

from kaiten_sync.pricing.table import (
    Grant,
    PriceCell,
    PriceColumn,
    PriceRow,
    PriceTable,
    folded,
    table_of_catalog,
    table_of_plan,
)

__all__ = [
    "Grant",
    "PriceCell",
    "PriceColumn",
    "PriceRow",
    "PriceTable",
    "folded",
    "table_of_catalog",
    "table_of_plan",
]
