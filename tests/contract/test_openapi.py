"""Our OpenAPI document: the server keeps to it, and it keeps to the 1.0 contract."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.schemas import APIOperation
from tests.contract.differences import DIFFERENCES, EVERY_OPERATION, Part
from tests.support.embedded import EmbeddedServer
from tests.support.metering import add_instance

from kaiten_sync.server.domain.readable import READABLE_PATTERN
from kaiten_sync.server.web.openapi import openapi_document

DOCUMENT = openapi_document()


def operations_of(document: dict[str, Any]) -> dict[str, APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_dict(copy.deepcopy(document))
    operations = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    return {operation.label: operation for operation in operations}


def as_requests_see_it(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what a wrong request cannot be wrong about taken out.

    What is read-only is ignored, whatever it is; and the test sends a valid token always.
    """
    seen = copy.deepcopy(document)
    del seen["security"], seen["components"]["securitySchemes"]
    for operations in seen["paths"].values():
        for operation in operations.values():
            del operation["security"]
    for name, schema in seen["components"]["schemas"].items():
        if name.startswith(("Create", "Update", "Write", "Associate", "Number")):
            properties = schema["properties"]
            schema["properties"] = {
                key: {} if value.get("readOnly") else value for key, value in properties.items()
            }
    return seen


GENERATED = {
    GenerationMode.POSITIVE: operations_of(DOCUMENT),
    GenerationMode.NEGATIVE: operations_of(as_requests_see_it(DOCUMENT)),
}


def attempts() -> Iterator[tuple[str, GenerationMode]]:
    for label, operation in GENERATED[GenerationMode.POSITIVE].items():
        yield label, GenerationMode.POSITIVE
        if operation.body or operation.query:
            yield label, GenerationMode.NEGATIVE


SLUGS = {
    "licenseSlug": "growth",
    "familySlug": "growth",
    "entitlementGroupSlug": "quotas",
    "instanceSlug": "main",
    "customerSlug": "acme",
    "serviceAccountSlug": "bootstrap",
    "tokenSlug": "spare",
}
QUERIES = {"/entitlement-groups/{entitlementGroupSlug}/usage": {"instance": "main"}}
CHECKED: Any = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "unsupported_method",
    ]
)
# The document cannot say which fields need which others, so correct bodies may be refused
# (positive_data_acceptance), and use_after_free and ignored_auth need a run of their own.


def seeded(server: EmbeddedServer) -> tuple[str, dict[str, str]]:
    """A token of an organization that has something of everything, and what its paths name."""
    token = server.new_organization()
    with httpx.Client(
        base_url=f"{server.url}/api", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        for path, body in (
            ("/entitlement-groups", {"name": "Quotas"}),
            ("/entitlements", {"name": "API Calls", "type": "NUMBER", "groupSlugs": ["quotas"]}),
            ("/entitlements", {"name": "Seats", "type": "NUMBER"}),
            ("/licenses", {"name": "Growth", "type": "PAID"}),
            ("/customers", {"name": "Acme"}),
            (
                "/service-accounts/bootstrap/tokens",
                {"name": "Spare", "scopes": ["read:licenses"]},
            ),
        ):
            assert client.post(path, json=body).status_code == 201
        grant = {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 5}}
        assert client.post("/licenses/growth/entitlements", json=grant).status_code == 204
        add_instance(client)
        webhook = {"url": "http://127.0.0.1:9/", "eventNames": ["CUSTOMER_CREATED"]}
        webhook_id = client.post("/webhooks", json=webhook).json()["id"]
    return token, {**SLUGS, "webhookId": webhook_id}


def aims() -> list[tuple[str, GenerationMode]]:
    """Every operation with right input, and with wrong input where there is any."""
    found = []
    for mode, operations in GENERATED.items():
        for label, operation in sorted(operations.items()):
            if mode is GenerationMode.POSITIVE or operation.body or operation.query:
                found.append((label, mode))
    return found


@pytest.mark.parametrize(("label", "mode"), aims(), ids=str)
def test_every_answer_is_in_the_document(
    server: EmbeddedServer, label: str, mode: GenerationMode
) -> None:
    operation = GENERATED[mode][label]
    token, seed = seeded(server)
    names = re.findall(r"\{(\w+)\}", operation.path)
    known = {name: seed.get(name, "api-calls") for name in names} or None
    query = QUERIES.get(operation.path) if mode is GenerationMode.POSITIVE else None
    aimed = operation.as_strategy(mode, path_parameters=known, query=query)
    cases = aimed if mode is GenerationMode.NEGATIVE else st.one_of(aimed, operation.as_strategy())

    @settings(
        max_examples=20,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def answers(case: Case[Any]) -> None:
        case.call_and_validate(
            base_url=f"{server.url}/api",
            headers={"Authorization": f"Bearer {token}"},
            checks=CHECKED,
        )

    answers()


def served() -> Iterator[tuple[str, str, str]]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            yield operation["operationId"], path, method


@pytest.mark.parametrize(("name", "path", "method"), list(served()))
def test_it_differs_from_the_contract_only_on_purpose(
    contract: dict[str, Any], name: str, path: str, method: str
) -> None:
    ours = DOCUMENT["paths"][path][method]
    if path not in contract["paths"]:
        assert [part for part, _ in on_purpose(name)].count(Part.OPERATION_ADDED) == 1
        return
    theirs = contract["paths"][path][method]
    assert ours["operationId"] == theirs["operationId"]
    assert ours["security"] == theirs["security"]
    assert parameters(ours) == parameters(theirs)

    found = set(differences(ours, theirs, contract))
    assert found == set(on_purpose(name))


def test_every_method_of_a_served_path_is_served(contract: dict[str, Any]) -> None:
    for path, operations in DOCUMENT["paths"].items():
        if path in contract["paths"]:
            assert set(operations) == set(contract["paths"][path])


def test_what_is_not_served_explains_itself(
    contract: dict[str, Any], server: EmbeddedServer
) -> None:
    narrow = server.new_organization("read:licenses")
    asked = 0
    for path, operations in contract["paths"].items():
        if path in DOCUMENT["paths"]:
            continue
        url = f"{server.url}/api{re.sub('{.*?}', 'some', path)}"
        for method, operation in operations.items():
            (scope,) = operation["security"][0]["bearerAuth"]
            refused = _ask(method, url, narrow)
            assert (refused.status_code, refused.json()["code"]) == (403, "Auth.MissingScope"), path
            answer = _ask(method, url, server.new_organization(scope))
            is_empty_list = method == "get" and answer.json() in (
                [],
                {"items": [], "hasMore": False},
            )
            assert is_empty_list or answer.json()["code"] == "NotServed.NotFound", (method, path)
            asked += 1
    assert asked > 50


def _ask(method: str, url: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.request(method, url, headers=headers)


SHARED_SCHEMAS = (
    "Problem",
    "ErrorDetail",
    "User",
    "EntitlementGroupSummary",
    "LicenseFamilyView",
    "Token",
)


def test_shared_schemas_are_the_contracts(contract: dict[str, Any]) -> None:
    for name in SHARED_SCHEMAS:
        ours, theirs = DOCUMENT["components"]["schemas"][name], contract["components"]["schemas"]
        assert set(ours["properties"]) == set(theirs[name]["properties"])
        assert set(ours.get("required", ())) == set(theirs[name].get("required", ()))


Found = tuple[Part, str]


def on_purpose(name: str) -> Iterator[Found]:
    for difference in DIFFERENCES:
        if difference.part is Part.BEHAVIOR:
            continue
        if name in difference.operations or EVERY_OPERATION in difference.operations:
            statuses = difference.names if difference.part is Part.STATUS_ADDED else ()
            for each in difference.names:
                if each not in statuses or not declared(name, each):
                    yield difference.part, each


_contract_statuses: dict[str, set[str]] = {}


def declared(name: str, status: str) -> bool:
    """Whether the contract has this status already; some have 503."""
    return status in _contract_statuses.get(name, set())


def differences(
    ours: dict[str, Any], theirs: dict[str, Any], contract: dict[str, Any]
) -> Iterator[Found]:
    _contract_statuses[theirs["operationId"]] = set(theirs["responses"])
    for status in set(ours["responses"]) - set(theirs["responses"]):
        yield Part.STATUS_ADDED, status
    assert set(theirs["responses"]) <= set(ours["responses"])
    assert ("requestBody" in ours) == ("requestBody" in theirs)
    if "requestBody" in ours:
        yield from request_differences(
            body_of(ours["requestBody"], DOCUMENT), body_of(theirs["requestBody"], contract)
        )
    for status, response in theirs["responses"].items():
        if "application/json" in response.get("content", {}):
            yield from answer_differences(
                innermost(body_of(ours["responses"][status], DOCUMENT), DOCUMENT),
                innermost(body_of(response, contract), contract),
            )


def request_differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Found]:
    mine, other = ours["properties"], theirs["properties"]
    for name in mine.keys() - other.keys():
        yield Part.REQUEST_PROPERTY_ADDED, name
    assert other.keys() <= mine.keys()
    read_only = {name for name, schema in other.items() if schema.get("readOnly")}
    for name in read_only - {name for name, schema in mine.items() if schema.get("readOnly")}:
        yield Part.REQUEST_PROPERTY_WRITABLE, name
    # A request never needs what is read-only.
    needed = set(theirs.get("required", ())) - read_only
    for name in needed - set(ours["required"]):
        yield Part.REQUEST_PROPERTY_OPTIONAL, name
    for name in set(ours["required"]) - needed:
        yield Part.REQUEST_PROPERTY_REQUIRED, name
    for name in mine.keys() & other.keys() - read_only:
        if "anyOf" in mine[name] and "anyOf" not in other[name]:
            yield Part.REQUEST_VALUE_WIDER, name
        kept = rules(mine[name])
        if kept.get("pattern") == READABLE_PATTERN:
            yield Part.REQUEST_VALUE_READABLE, name
            del kept["pattern"]
            if "minLength" not in other[name]:
                del kept["minLength"]
        assert kept == rules(other[name]), name


def answer_differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Found]:
    mine, other = ours["properties"], theirs["properties"]
    for name in mine.keys() - other.keys():
        yield Part.ANSWER_PROPERTY_ADDED, name
    assert other.keys() <= mine.keys()
    assert set(ours.get("required", ())) == set(theirs.get("required", ()))
    for name in other:
        if set(mine[name].get("enum", ())) != set(other[name].get("enum", ())):
            assert set(other[name]["enum"]) < set(mine[name]["enum"])
            yield Part.ANSWER_ENUM_WIDER, name


_RULES = frozenset(
    ["type", "enum", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum"]
)


def rules(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key in _RULES}
    if "enum" in kept:
        kept["enum"] = sorted(kept["enum"])
    return kept


def parameters(operation: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (parameter["in"], parameter["name"]): {
            "required": parameter.get("required", False),
            **rules(parameter["schema"]),
        }
        for parameter in operation.get("parameters", ())
    }


def body_of(holder: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = holder["content"]["application/json"]["schema"]
    return resolved(schema, document)


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return found
    return schema


def innermost(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The object that an answer is about: a list's or a page's item, a family's license."""
    step: Callable[[dict[str, Any]], dict[str, Any]] = lambda s: resolved(s, document)  # noqa: E731
    if "properties" not in schema:
        schema = step(schema["items"])
    if "items" in schema["properties"]:
        schema = step(schema["properties"]["items"]["items"])
    if "currentVersion" in schema["properties"]:
        schema = step(schema["properties"]["currentVersion"])
    return schema
