#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""schema.py SWAGGER KIND...: print the definitions those kinds need out of Kubernetes' OpenAPI document, as a
JSON schema that refuses fields it does not know.

How openapi.json here was made: from src/gen/swagger.json.unprocessed of github.com/kubernetes-client/javascript
at 072811b3615b, which is api/openapi-spec/swagger.json of Kubernetes v1.35.0, Apache-2.0, without the
descriptions."""
import json
import sys

source = json.load(open(sys.argv[1]))["definitions"]
kinds = {}
needed = []


def need(name):
    if name not in needed:
        needed.append(name)
    return {"$ref": "#/definitions/" + name}


def plain(schema):
    """What a value must be, without prose and Kubernetes' own extensions."""
    if "$ref" in schema:
        return need(schema["$ref"].rsplit("/", 1)[1])
    out = {k: schema[k] for k in ("type", "required", "enum") if k in schema}
    if schema.get("format") == "int-or-string":
        out["type"] = ["integer", "string"]
    if "items" in schema:
        out["items"] = plain(schema["items"])
    if "properties" in schema:
        out["properties"] = {k: plain(v) for k, v in schema["properties"].items()}
        out["additionalProperties"] = False
    if "additionalProperties" in schema:
        out["additionalProperties"] = plain(schema["additionalProperties"])
    return out


for name, schema in source.items():
    for kind in schema.get("x-kubernetes-group-version-kind", []):
        if kind["kind"] in sys.argv[2:] and "metadata" in schema.get("properties", {}):
            kinds[f"{kind['group']}/{kind['version']}".lstrip("/") + " " + kind["kind"]] = name
            need(name)
definitions = {}
for name in needed:  # grows while it is walked
    definitions[name] = plain(source[name])
    # A quantity may be written as a number.
    if name.endswith(".api.resource.Quantity"):
        definitions[name] = {"type": ["string", "number"]}
    elif definitions[name].get("type") == "object" and "properties" not in definitions[name] and \
            "additionalProperties" not in definitions[name]:
        definitions[name]["additionalProperties"] = True  # such as managedFields' fieldsV1
print(json.dumps({"kinds": kinds, "definitions": definitions}, separators=(",", ":"), sort_keys=True))
