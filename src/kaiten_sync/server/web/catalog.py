"""The table of all operations, from which routes, checks, handlers and the document are made.

Tag, scope and the status of success follow from method and path, unless a row says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from kaiten_sync.server.domain.licenses import ARCHIVE, PUBLISH, UNARCHIVE, LicenseFields
from kaiten_sync.server.service import (
    accounts,
    customers,
    entitlements,
    families,
    grants,
    groups,
    instances,
    licenses,
    usage,
    webhooks,
)
from kaiten_sync.server.service.accounts import TokenFields
from kaiten_sync.server.service.customers import CustomerFields
from kaiten_sync.server.service.grants import GrantFields
from kaiten_sync.server.service.groups import GroupFields
from kaiten_sync.server.service.instances import InstanceFields
from kaiten_sync.server.service.webhooks import EndpointFields
from kaiten_sync.server.shapes.accounts import token_json
from kaiten_sync.server.shapes.customers import customer_json
from kaiten_sync.server.shapes.groups import group_json
from kaiten_sync.server.shapes.instances import instance_json
from kaiten_sync.server.shapes.licenses import family_json, license_json
from kaiten_sync.server.shapes.webhooks import delivery_json, endpoint_json
from kaiten_sync.server.web import handlers, schemas
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.forwarding import each, each_view, forward, paged, reads
from kaiten_sync.server.web.operations import Operation, operation
from kaiten_sync.server.web.paging import PAGING
from kaiten_sync.server.web.schemas import audit as audit_schemas
from kaiten_sync.server.web.schemas import families as family_schemas
from kaiten_sync.server.web.schemas import usage as usage_schemas
from kaiten_sync.server.web.schemas import webhooks as webhook_schemas

SCHEMAS: Mapping[str, Schema] = schemas.ALL

_GROUP = "/entitlement-groups/{entitlementGroupSlug}"
_ENTITLEMENT = "/entitlements/{entitlementSlug}"
_LICENSE = "/licenses/{licenseSlug}"
_CUSTOMER = "/customers/{customerSlug}"
_INSTANCE = "/instances/{instanceSlug}"
_ACCOUNT = "/service-accounts/{serviceAccountSlug}"
_WEBHOOK = "/webhooks/{webhookId}"

_group = reads(GroupFields)
_license = reads(LicenseFields)
_grant = reads(GrantFields)
_customer = reads(CustomerFields)
_instance = reads(InstanceFields)
_endpoint = reads(EndpointFields)
_with_secret = partial(endpoint_json, with_secret=True)

# A row is an operation, and its lines are compared with those of the next one.
# fmt: off
OPERATIONS: tuple[Operation, ...] = (
    operation("list-entitlement-groups", "GET /entitlement-groups", "List all entitlement groups",
              paged("EntitlementGroups", groups.list_groups, each(group_json)),
              answer="PageEntitlementGroup", query=PAGING, refuses=(400,)),
    operation("create-entitlement-group", "POST /entitlement-groups",
              "Create a new entitlement group",
              forward(groups.create_group, group_json, fields=_group),
              body="CreateEntitlementGroup", answer="EntitlementGroup", refuses=(400, 409)),
    operation("get-entitlement-group", f"GET {_GROUP}", "Get entitlement group by slug",
              forward(groups.get_group, group_json), answer="EntitlementGroup", refuses=(404,)),
    operation("update-entitlement-group", f"PUT {_GROUP}", "Update an entitlement group",
              forward(groups.update_group, fields=_group), body="UpdateEntitlementGroup",
              refuses=(400, 404)),
    operation("delete-entitlement-group", f"DELETE {_GROUP}",
              "Delete an entitlement group; its members stay", forward(groups.delete_group),
              refuses=(400, 404)),
    operation("add-entitlement-to-group", f"POST {_GROUP}/entitlements",
              "Add an entitlement to a group",
              forward(groups.add_to_group, entitlement_slug="entitlementSlug"), body="Command",
              refuses=(400, 404, 409)),
    operation("remove-entitlement-from-group", f"DELETE {_GROUP}{_ENTITLEMENT}",
              "Remove an entitlement from a group", forward(groups.remove_from_group),
              refuses=(400, 404)),
    operation("list-entitlements", "GET /entitlements", "List all entitlements",
              paged("Entitlements", entitlements.list_entitlements,
                    handlers.entitlements_with_groups),
              answer="PageEntitlement", query=PAGING, refuses=(400,)),
    operation("create-entitlement", "POST /entitlements", "Create a new entitlement",
              forward(entitlements.create_entitlement, handlers.entitlement_with_groups,
                    fields=handlers.read_entitlement),
              body="CreateEntitlement", answer="Entitlement", refuses=(400, 404, 409)),
    operation("get-entitlement", f"GET {_ENTITLEMENT}", "Get entitlement by slug",
              forward(entitlements.get_entitlement, handlers.entitlement_with_groups),
              answer="Entitlement", refuses=(404,)),
    operation("update-entitlement", f"PUT {_ENTITLEMENT}", "Update an entitlement",
              forward(entitlements.update_entitlement, fields=handlers.read_entitlement),
              body="UpdateEntitlement", refuses=(400, 404, 409)),
    operation("delete-entitlement", f"DELETE {_ENTITLEMENT}",
              "Delete an entitlement that no license grants",
              forward(entitlements.delete_entitlement), refuses=(400, 404, 409)),
    operation("get-licenses", "GET /licenses", "List all licenses",
              paged("Licenses", licenses.list_licenses, each(license_json)), answer="PageLicense",
              query=PAGING, refuses=(400,)),
    operation("create-license", "POST /licenses", "Create a license, or a new version of a family",
              forward(licenses.create_license, license_json, fields=_license), body="CreateLicense",
              answer="License", refuses=(400, 404, 409)),
    operation("get-license", f"GET {_LICENSE}", "Get a license by slug",
              forward(licenses.get_license, license_json), answer="License", refuses=(404,)),
    operation("update-license", f"PUT {_LICENSE}", "Update a license",
              forward(licenses.update_license, fields=_license), body="UpdateLicense",
              refuses=(400, 404, 409)),
    operation("delete-license", f"DELETE {_LICENSE}", "Delete a license that grants nothing",
              forward(licenses.delete_license), refuses=(400, 404, 409)),
    operation("publish-license", f"POST {_LICENSE}/publish", "Put a draft on sale",
              forward(partial(licenses.move_license, move=PUBLISH), license_json), answer="License",
              status=200, refuses=(400, 404, 409)),
    operation("archive-license", f"POST {_LICENSE}/archive", "Withdraw a published version",
              forward(partial(licenses.move_license, move=ARCHIVE), license_json), answer="License",
              status=200, refuses=(400, 404, 409)),
    operation("unarchive-license", f"POST {_LICENSE}/unarchive",
              "Put an archived version back on sale",
              forward(partial(licenses.move_license, move=UNARCHIVE), license_json),
              answer="License", status=200, refuses=(400, 404, 409)),
    # A wrong cursor of families is refused under the code of licenses, as upstream does.
    operation("list-license-families", "GET /license-families",
              "List license families with the version that each serves",
              paged("Licenses", families.list_families, each_view(family_json),
                    of="LicenseFamilies"),
              answer="PageLicenseFamilyView", query=PAGING, refuses=(400,)),
    operation("get-license-family", "GET /license-families/{familySlug}",
              "Get a license family with the version that it serves", handlers.get_family,
              answer="LicenseFamilyView", query=family_schemas.QUERY, refuses=(400, 404)),
    operation("get-license-entitlements", f"GET {_LICENSE}/entitlements",
              "List what a license grants",
              paged("LicenseEntitlements", grants.list_grants, handlers.grants_with_groups),
              answer="PageLicenseEntitlement", query=PAGING, refuses=(400, 404)),
    operation("associate-entitlement-with-license", f"POST {_LICENSE}/entitlements",
              "Grant an entitlement with a license", forward(grants.add_grant, fields=_grant),
              body="AssociateLicenseEntitlement", status=204, refuses=(400, 404, 409)),
    operation("get-license-entitlement", f"GET {_LICENSE}{_ENTITLEMENT}",
              "Get one grant of a license", forward(grants.get_grant, handlers.only_grant),
              answer="LicenseEntitlement", refuses=(404,)),
    operation("update-license-entitlement", f"PUT {_LICENSE}{_ENTITLEMENT}",
              "Update one grant of a license", forward(grants.update_grant, fields=_grant),
              body="UpdateLicenseEntitlement", refuses=(400, 404)),
    operation("delete-license-entitlement", f"DELETE {_LICENSE}{_ENTITLEMENT}",
              "Take one grant from a license", forward(grants.remove_grant), refuses=(400, 404)),
    operation("list-customers", "GET /customers", "List all customers",
              paged("Customers", customers.list_customers, each(customer_json)),
              answer="PageCustomer", query=PAGING, refuses=(400,)),
    operation("create-customer", "POST /customers", "Create a new customer",
              forward(customers.create_customer, customer_json, fields=_customer),
              body="WriteCustomer", answer="Customer", refuses=(400, 404, 409)),
    operation("get-customer", f"GET {_CUSTOMER}", "Get a customer by slug",
              forward(customers.get_customer, customer_json), answer="Customer", refuses=(404,)),
    operation("update-customer", f"PUT {_CUSTOMER}", "Update a customer",
              forward(customers.update_customer, fields=_customer), body="WriteCustomer",
              refuses=(400, 404)),
    operation("delete-customer", f"DELETE {_CUSTOMER}",
              "Delete a customer with its instances and their usage",
              forward(customers.delete_customer), refuses=(400, 404)),
    operation("getInstances", "GET /instances", "List all instances",
              paged("Instances", instances.list_instances, each(instance_json)),
              answer="PageInstance", query=PAGING, refuses=(400,)),
    operation("createInstance", "POST /instances", "Create a new instance",
              forward(instances.create_instance, instance_json, fields=_instance),
              body="WriteInstance", answer="Instance", refuses=(400, 404, 409)),
    operation("getInstance", f"GET {_INSTANCE}", "Get an instance by slug",
              forward(instances.get_instance, instance_json), answer="Instance", refuses=(404,)),
    operation("updateInstance", f"PUT {_INSTANCE}", "Update an instance",
              forward(instances.update_instance, fields=_instance), body="WriteInstance",
              refuses=(400, 404, 409)),
    operation("patchInstance", f"PATCH {_INSTANCE}",
              "Change the status or the lifecycle stage of an instance",
              forward(instances.patch_instance, status="status", stage="lifecycleStage"),
              body="PatchInstanceBody", refuses=(400, 404)),
    operation("deleteInstance", f"DELETE {_INSTANCE}", "Delete an instance and its usage",
              forward(instances.delete_instance), refuses=(400, 404)),
    operation("reportEntitlementUsageMetric", f"POST {_INSTANCE}{_ENTITLEMENT}/usage",
              "Report usage of an entitlement", handlers.report, body="ReportEntitlementUsageBody",
              handle_many=handlers.report_all,
              answer="EntitlementUsage", status=200, refuses=(400, 404, 409)),
    operation("getEntitlementUsageMetrics", f"GET {_INSTANCE}{_ENTITLEMENT}/usage",
              "Get an instance's usage of one entitlement; leaves an ENTITLEMENT_VALUE_GET event",
              forward(usage.get_usage, dict), answer="EntitlementUsage", refuses=(400, 404),
              leaves_event=True),
    operation("getEntitlementsUsageMetrics", f"GET {_INSTANCE}/entitlements/usage",
              "List an instance's usage of all that its license grants",
              forward(usage.list_usage, list), answer="EntitlementUsages", refuses=(400, 404)),
    operation("get-entitlement-group-usage", f"GET {_GROUP}/usage",
              "List an instance's usage of a group's members",
              forward(usage.list_group_usage, list, instance_slug="instance"),
              answer="EntitlementGroupUsages", query=usage_schemas.GROUP_QUERY, refuses=(400, 404)),
    operation("getAuditTrails", f"GET {_INSTANCE}/audit-trails",
              "List what happened to an instance, newest first", handlers.list_trail,
              answer="PageAuditTrail", query=audit_schemas.QUERY, refuses=(400, 404)),
    # Before the path that any id would match.
    operation("list-webhook-history", "GET /webhooks/history", "List deliveries, newest first",
              paged("WebhookHistory", webhooks.list_deliveries, each(delivery_json),
                    "history", endpoint_id="hookId", status="status"),
              answer="WebhookHistory", query=webhook_schemas.HISTORY_QUERY, refuses=(400,)),
    operation("list-webhooks", "GET /webhooks", "List all webhooks",
              paged("Webhooks", webhooks.list_endpoints, each(endpoint_json)), answer="PageWebhook",
              query=PAGING, refuses=(400,)),
    operation("create-webhook", "POST /webhooks",
              "Create a webhook; the answer holds its signing secret",
              forward(webhooks.create_endpoint, _with_secret, fields=_endpoint),
              body="WriteWebhook", answer="Webhook", refuses=(409,)),
    operation("get-webhook", f"GET {_WEBHOOK}", "Get a webhook with its signing secret",
              forward(webhooks.get_endpoint, _with_secret), answer="Webhook", refuses=(404,)),
    operation("update-webhook", f"PUT {_WEBHOOK}",
              "Replace the URL and the events of a webhook, and resume it",
              forward(webhooks.update_endpoint, fields=_endpoint), body="WriteWebhook",
              refuses=(404,)),
    operation("delete-webhook", f"DELETE {_WEBHOOK}", "Delete a webhook and what is queued for it",
              forward(webhooks.delete_endpoint), refuses=(404,)),
    operation("get-service-accounts", "GET /service-accounts", "List all service accounts",
              paged("ServiceAccounts", accounts.list_accounts,
                    each_view(handlers.account_with_tokens)),
              answer="PageServiceAccount", query=PAGING, refuses=(400, 404)),
    operation("create-service-account", "POST /service-accounts", "Create a new service account",
              forward(accounts.create_account, handlers.account_with_tokens, name="name",
                    slug="slug"),
              body="WriteServiceAccount", answer="ServiceAccount", refuses=(400, 404, 409)),
    operation("get-service-account", f"GET {_ACCOUNT}", "Get a service account by slug",
              forward(accounts.get_account, handlers.account_with_tokens), answer="ServiceAccount",
              refuses=(400, 404)),
    operation("update-service-account", f"PUT {_ACCOUNT}", "Rename a service account",
              forward(accounts.update_account, name="name", new_slug="slug"),
              body="WriteServiceAccount", refuses=(400, 404)),
    operation("get-service-account-tokens", f"GET {_ACCOUNT}/tokens",
              "List all tokens of a service account, revoked ones too",
              paged("Tokens", accounts.list_tokens, each(token_json)), answer="PageToken",
              query=PAGING, refuses=(400, 404)),
    operation("create-service-account-token", f"POST {_ACCOUNT}/tokens",
              "Create a token; the answer holds it, this once",
              forward(accounts.create_token, handlers.token_with_secret, fields=reads(TokenFields)),
              body="WriteToken", answer="PlainToken", refuses=(400, 404, 409)),
    operation("delete-service-account-token", f"DELETE {_ACCOUNT}/tokens/{{tokenSlug}}",
              "Revoke a token and those created with it; they stay in the list",
              forward(accounts.revoke_token), refuses=(400, 404)),
)
# fmt: on
