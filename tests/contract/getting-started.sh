# The four requests of the page "Licenses & Entitlements" of Kaiten's getting-started guide, as
# printed there. Do not tidy: the embedded server accepts exactly these.

curl -X POST http://localhost:6000/api/entitlements \
-H "Authorization: Bearer <your-token>" \
-H "Content-Type: application/json" \
-d '{
"name": "API Calls",
"type": "NUMBER",
"meterType": "RAW_EVENT",
"aggregationMethod": "SUM"
}'

curl -X POST http://localhost:6000/api/licenses \
-H "Authorization: Bearer <your-token>" \
-H "Content-Type: application/json" \
-d '{
"name": "Growth",
"type": "PAID",
"version": "1",
"isActive": true
}'

curl -X POST http://localhost:6000/api/licenses/<license-slug>/entitlements \
-H "Authorization: Bearer <your-token>" \
-H "Content-Type: application/json" \
-d '{
"entitlementSlug": "api-calls",
"value": {
"type": "number",
"value": 1000
}
}'

curl -X POST http://localhost:6000/api/instances/my-restaurant-production/entitlements/api-calls/usage \
-H "Authorization: Bearer ksh_xxx" \
-H "Content-Type: application/json" \
-d '{"value": 42}'
