#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check.py KUBECTL OPENAPI DIRECTORY: every kustomization below DIRECTORY renders (without a network), and what it
renders is valid by Kubernetes' OpenAPI schema, unknown fields refused, hangs together, and asks for no more than is
said here. Then manifests spoiled one by one: each must be refused, for its reason. TAP on stdout; needs
python3-fastjsonschema and python3-yaml."""
import copy
import glob
import json
import os
import subprocess
import sys
import tempfile

import fastjsonschema
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from policy_tap import end, result  # noqa: E402

kubectl, openapi, directory = sys.argv[1:]
schema = json.load(open(openapi))
validators = {}


class Strict(yaml.SafeLoader):
    """A key given twice is a mistake."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(k) for k, _ in node.value]
        twice = [k for k in keys if keys.count(k) > 1]
        if twice:
            raise yaml.YAMLError(f"{twice[0]} is given twice")
        return super().construct_mapping(node, deep)


def render(path):
    """By kubectl in a network namespace with nothing in it, and without a cluster."""
    ran = subprocess.run(["unshare", "--map-root-user", "--net", kubectl, "kustomize", path], capture_output=True,
                         text=True, timeout=120, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                                                      "KUBECONFIG": "/nonexistent"})
    if ran.returncode or ran.stderr:
        raise ValueError(ran.stderr.strip() or f"status {ran.returncode}")
    return list(yaml.load_all(ran.stdout, Strict))


def by_schema(doc):
    kind = f"{doc.get('apiVersion')} {doc.get('kind')}"
    if kind not in schema["kinds"]:
        return [f"no schema for {kind}"]
    if kind not in validators:
        validators[kind] = fastjsonschema.compile(
            {"$ref": "#/definitions/" + schema["kinds"][kind], "definitions": schema["definitions"]})
    try:
        validators[kind](doc)
    except fastjsonschema.JsonSchemaException as e:
        return [str(e)]
    return []


# What was measured to be needed (docs/guide.md), and nothing else.
CAPABILITIES = json.load(open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "capabilities.json")))


def of_container(c, volumes):
    s = c.get("securityContext", {})
    caps = s.get("capabilities", {})
    wanted = {"privileged": False, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}
    for key, value in wanted.items():
        if s.get(key) is not value:
            yield f"container {c['name']}: {key} is not {value}"
    if caps.get("drop") != ["ALL"]:
        yield f"container {c['name']}: does not drop ALL"
    if sorted(caps.get("add", [])) != sorted(CAPABILITIES.get(c["name"], [])):
        yield f"container {c['name']}: capabilities {caps.get('add', [])}, measured: {CAPABILITIES.get(c['name'], [])}"
    r = c.get("resources", {})
    if not {"cpu", "memory"} <= set(r.get("requests", {})) or "memory" not in r.get("limits", {}):
        yield f"container {c['name']}: no requests or no limit"
    for m in c.get("volumeMounts", []):
        if m["name"] not in volumes:
            yield f"container {c['name']}: no volume {m['name']}"
    paths = [m["mountPath"] for m in c.get("volumeMounts", [])]
    if len(set(paths)) != len(paths):
        yield f"container {c['name']}: two mounts at one path"


# Host directories that only the uninstaller may have whole.
WIDE = {"/opt", "/etc", "/run", "/var/lib"}


def of_pod(name, pod):
    containers = pod.get("initContainers", []) + pod["containers"]
    volumes = {v["name"]: v for v in pod.get("volumes", [])}
    for c in containers:
        yield from of_container(c, volumes)
    used = {m["name"] for c in containers for m in c.get("volumeMounts", [])}
    for v in volumes:
        if v not in used:
            yield f"volume {v} is used by nobody"
    for v in volumes.values():
        path = v.get("hostPath", {}).get("path")
        if path == "/" or path in WIDE and not name.endswith("uninstall"):
            yield f"hostPath {path} is too wide"
        if path and not v["hostPath"].get("type"):
            yield f"hostPath {path} has no type: what is there is not checked"
    if pod.get("hostNetwork") or pod.get("hostIPC"):
        yield "the host's network or IPC, which nothing needs"
    if pod.get("automountServiceAccountToken") is not False:
        yield "a token that nobody needs"
    if pod.get("priorityClassName") != "system-node-critical" or pod.get("tolerations") != [{"operator": "Exists"}]:
        yield "not on every node at all times"
    if ("affinity" in pod) == name.endswith("uninstall"):
        yield "nodes may be excluded from what guards them, not from what takes that away"
    if pod.get("nodeSelector") != {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}:
        yield "on nodes that it is not built for, where its pod would keep others from being replaced"


def of_set(docs):
    names = [(d.get("kind"), d.get("metadata", {}).get("name")) for d in docs]
    if not any(d.get("kind") == "ResourceQuota" and any("system-node-critical" in e.get("values", []) for e in
                                                        d["spec"]["scopeSelector"]["matchExpressions"]) for d in docs):
        yield "no quota for system-node-critical, which some clusters ask for"
    spaces = {n for k, n in names if k == "Namespace"}
    for d in docs:
        yield from (f"{d.get('kind')}: {e}" for e in by_schema(d))
    for d in docs:
        space = d.get("metadata", {}).get("namespace")
        if d.get("kind") in ("DaemonSet", "ServiceAccount", "ConfigMap", "ResourceQuota") and space not in spaces:
            yield f"{d['kind']}: namespace {space} is not in the set"
        if d.get("kind") == "Namespace" and \
                d["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "privileged":
            yield "Namespace: pods with host paths are refused there"
        if d.get("kind") != "DaemonSet" or by_schema(d):
            continue
        template = d["spec"]["template"]
        selector = d["spec"]["selector"].get("matchLabels", {})
        if not selector or not selector.items() <= template["metadata"]["labels"].items():
            yield "DaemonSet: selects other pods than its own"
        pod = template["spec"]
        if ("ServiceAccount", pod.get("serviceAccountName")) not in names:
            yield f"DaemonSet: no service account {pod.get('serviceAccountName')}"
        for v in pod.get("volumes", []):
            if "configMap" in v and ("ConfigMap", v["configMap"].get("name")) not in names:
                yield f"DaemonSet: no ConfigMap {v['configMap'].get('name')}"
        yield from (f"DaemonSet: {e}" for e in of_pod(d["metadata"]["name"], pod))


def render_component(path):
    """As it is meant: in an overlay of one's own."""
    with tempfile.TemporaryDirectory() as own:
        with open(os.path.join(own, "kustomization.yaml"), "w") as f:
            yaml.safe_dump({"resources": [os.path.relpath(os.path.join(directory, "overlays/cri-o"), own)],
                            "components": [os.path.relpath(path, own)]}, f)
        return render(own)


sets = {}
for file in sorted(glob.glob(os.path.join(directory, "**", "kustomization.yaml"), recursive=True)):
    name = os.path.relpath(os.path.dirname(file), directory)
    try:
        component = yaml.load(open(file), Strict)["kind"] == "Component"
        sets[name] = (render_component if component else render)(os.path.dirname(file))
        wrong = list(of_set(sets[name])) if name != "namespace" else [e for d in sets[name] for e in by_schema(d)]
    except (ValueError, yaml.YAMLError) as e:
        wrong = [str(e)]
    result(not wrong and sets.get(name), f"kube: {name} renders, is valid and asks for no more than it needs", wrong)

# The metrics' port is what the node is told to listen on, and what is scraped; the rest is as it is without.
def pod_of(name):
    return next(d["spec"]["template"] for d in sets[name] if d["kind"] == "DaemonSet")


with_port, without = copy.deepcopy(pod_of("metrics")), copy.deepcopy(pod_of("overlays/cri-o"))
c, was = with_port["spec"]["containers"][0], without["spec"]["containers"][0]
port = c.pop("ports", None)
notes = with_port["metadata"].pop("annotations", {})
command, c["command"] = c["command"], was["command"]
wrong = []
if port != [{"name": "metrics", "containerPort": 9464, "protocol": "TCP"}]:
    wrong.append(f"ports: {port}")
if command != was["command"] + ["--metrics", f"0.0.0.0:{port[0]['containerPort']}"]:
    wrong.append(f"command: {command}")
if notes != {"prometheus.io/scrape": "true", "prometheus.io/port": str(port[0]["containerPort"]), "prometheus.io/path": "/metrics"}:
    wrong.append(f"annotations: {notes}")
if with_port != without:
    wrong.append("the component changes something else")
result(not wrong, "kube: metrics adds a port, its scraping, and what the node is told; nothing else", wrong)

good = sets["overlays/cri-o"]
at = [d["kind"] for d in good].index("DaemonSet")


def ds(edit):
    def run(docs):
        edit(docs[at]["spec"]["template"]["spec"])
    return run


def node(edit):
    return ds(lambda pod: edit(pod["containers"][0]))


spoiled = [
    ("an unknown field of the pod", "hostPid", ds(lambda p: p.update(hostPid=True))),
    ("an unknown field deep in a probe", "comand", node(lambda c: c["livenessProbe"]["exec"].update(comand=[]))),
    ("a number where a text belongs", "must be string", node(lambda c: c.update(image=7))),
    ("a text where a number belongs", "must be integer", node(lambda c: c["startupProbe"].update(periodSeconds="2"))),
    ("a required field that is missing", "must contain", ds(lambda p: p["containers"][0].pop("name"))),
    ("another version of the API", "no schema", lambda d: d[at].update(apiVersion="extensions/v1beta1")),
    ("a mount of no volume", "no volume bpff", node(lambda c: c["volumeMounts"].append(
        {"name": "bpff", "mountPath": "/x"}))),
    ("two mounts at one path", "two mounts", node(lambda c: c["volumeMounts"].append(c["volumeMounts"][0]))),
    ("a volume nobody mounts", "used by nobody", ds(lambda p: p["volumes"].append({"name": "x", "emptyDir": {}}))),
    ("privileged", "privileged is not False", node(lambda c: c["securityContext"].update(privileged=True))),
    ("one capability more", "measured", node(lambda c: c["securityContext"]["capabilities"]["add"].append("NET_ADMIN"))),
    ("one capability less", "measured", node(lambda c: c["securityContext"]["capabilities"]["add"].pop())),
    ("capabilities not dropped", "drop ALL", node(lambda c: c["securityContext"]["capabilities"].pop("drop"))),
    ("a writable root", "readOnlyRootFilesystem", node(lambda c: c["securityContext"].pop("readOnlyRootFilesystem"))),
    ("the host's whole disk", "too wide", ds(lambda p: p["volumes"][-1]["hostPath"].update(path="/"))),
    ("a host path of no type", "no type", ds(lambda p: p["volumes"][-1]["hostPath"].pop("type"))),
    ("the host's network", "network", ds(lambda p: p.update(hostNetwork=True))),
    ("a token", "token", ds(lambda p: p.pop("automountServiceAccountToken"))),
    ("another architecture", "not built for", ds(lambda p: p["nodeSelector"].pop("kubernetes.io/arch"))),
    ("no way to exclude a node", "may be excluded", ds(lambda p: p.pop("affinity"))),
    ("no quota", "no quota", lambda d: d.remove(next(x for x in d if x["kind"] == "ResourceQuota"))),
    ("no toleration", "every node", ds(lambda p: p.pop("tolerations"))),
    ("no limits", "no limit", node(lambda c: c["resources"].pop("limits"))),
    ("a selector of others", "selects other", lambda d: d[at]["spec"]["selector"]["matchLabels"].update(a="b")),
    ("an account that is not there", "no service account", ds(lambda p: p.update(serviceAccountName="x"))),
    ("policies that are not there", "no ConfigMap", lambda d: d.remove(next(
        x for x in d if x["kind"] == "ConfigMap"))),
    ("a namespace that refuses its pods", "refused there", lambda d: next(
        x for x in d if x["kind"] == "Namespace")["metadata"].pop("labels")),
]
wrong = []
for what, word, edit in spoiled:
    docs = copy.deepcopy(good)
    edit(docs)
    said = list(of_set(docs))
    if not any(word in s for s in said):
        wrong.append(f"{what}: {said or 'accepted'}")
result(not wrong, f"kube: {len(spoiled)} spoiled manifests are refused, each for its reason", wrong)
try:
    yaml.load("a: 1\na: 2\n", Strict)
    wrong = ["accepted"]
except yaml.YAMLError as e:
    wrong = [] if "a is given twice" in str(e) else [str(e)]
result(not wrong, "kube: a key given twice is refused", wrong)
end()
