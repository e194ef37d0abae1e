"""Values are answered as they were sent, byte by byte, whatever database stores them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.embedded import EmbeddedServer
from tests.support.metering import Meter, done, metered, path

from kaiten_sync.server.web.codec import encode

NUMBERS = {
    "1e300": "1e300",
    "-1.5e300": "-1.5e300",
    "1E+3": "1000",
    "1000.0": "1000",
    "-0.0": "0",
    "1e-7": "1e-7",
    "5e-324": "5e-324",
    "0.1000000000000000055": "0.1",
    "123456789012345.6": "123456789012345.6",
    "9007199254740992": "9007199254740992",
    "9007199254740993": "9007199254740992",
    "12345678901234567890": "1.2345678901234567e19",
    "1e16": "1e16",
    "1" + "0" * 200: "1e200",
}
"""Numbers as they are sent, and how they are answered."""

_KEYS = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=8)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | _FLOATS | _KEYS
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=10
)


@pytest.fixture
def meter(api: httpx.Client, server: EmbeddedServer) -> Meter:
    return metered(api, server.database_url)


@pytest.mark.parametrize("sent", NUMBERS)
def test_a_threshold_has_one_spelling(meter: Meter, sent: str) -> None:
    meter.grant(10)
    body = f'{{"value": {{"type": "number", "value": {sent}}}}}'
    headers = {"Content-Type": "application/json"}
    done(meter.api.put("/licenses/growth/entitlements/calls", content=body, headers=headers))
    spelled = f'{{"type":"number","value":{NUMBERS[sent]}}}'
    assert f'"value":{spelled}' in meter.api.get("/licenses/growth/entitlements/calls").text
    assert f'"value":{spelled}' in meter.api.get("/licenses/growth/entitlements").text
    assert f'"limit":{spelled}' in meter.api.get(path()).text


@settings(max_examples=50)
@given(value=st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_a_configuration_is_answered_as_it_was_sent(meter: Meter, value: dict[str, Any]) -> None:
    if meter.api.get("/entitlements/theme").status_code == 404:
        meter.grant({}, "theme", type="CONFIG")
    granted = {"value": {"type": "object", "value": value}}
    done(meter.api.put("/licenses/growth/entitlements/theme", json=granted))
    answer = done(meter.api.get("/licenses/growth/entitlements/theme")).content
    assert b'"value":' + encode(granted["value"]) in answer


def test_metadata_are_answered_as_they_were_sent(meter: Meter) -> None:
    main = done(meter.api.get("/instances/main")).json()
    kept = ("name", "description", "customerId", "licenseId", "startLicenseDate", "endLicenseDate")
    metadata = {"zone": [1e300, 1e16, 0.5], "b": {"zz": 1, "a": None}, "aa": "1"}
    other = {**{name: main[name] for name in kept}, "slug": "other", "metadata": metadata}
    done(meter.api.post("/instances", json=other))
    answer = done(meter.api.get("/instances/other")).content
    assert b'"metadata":' + encode(metadata) in answer
