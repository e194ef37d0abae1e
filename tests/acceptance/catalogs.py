"""Catalogs that several tests declare."""

ONE_LIMIT = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
licenses:
  growth: {name: Growth, type: PAID, entitlements: {calls: 1000}}
"""

SOLD = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER, resetPeriod: MONTH}
  sso: {name: SSO, type: BOOLEAN}
licenses:
  growth:
    name: Growth
    type: PAID
    entitlements: {seats: 10, calls: 1000, sso: true}
"""
