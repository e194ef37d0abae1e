"""Schemas of customers."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import (
    INTEGRATIONS,
    READ_ONLY_ID,
    READ_ONLY_TIME,
    READ_ONLY_USER,
    READABLE,
    SLUG,
    record,
)

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**READABLE, "examples": ["Awesome Customer"]},
    "slug": SLUG,
    "domain": {
        "type": "string",
        "pattern": r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$",
        "patternErrorMessage": "expected a domain in lower case, such as example.com",
        "description": "The customer's domain name",
        "examples": ["example.tld"],
    },
    "externalCustomerId": {
        "type": ["string", "null"],
        "description": "What another system calls the customer; need not be unique",
        "examples": ["external-customer-id-12345"],
    },
    "integrations": INTEGRATIONS,
    "createdBy": READ_ONLY_USER,
    "createdAt": READ_ONLY_TIME,
    "updatedBy": READ_ONLY_USER,
    "updatedAt": READ_ONLY_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "Customer": record(
        _PROPERTIES, ("id", "name", "createdBy", "createdAt", "updatedBy", "updatedAt")
    ),
    "WriteCustomer": record(_PROPERTIES, ("name",)),
    "PageCustomer": page_schema("Customer"),
}
