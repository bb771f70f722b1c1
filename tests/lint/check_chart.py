#!/usr/bin/env python3
"""The Helm chart agrees with its sources: its copy of crds/, and its role's rules with the table kRbacRules in operator/api/labels.hpp.
Whether docs/install/cenote.yaml is current needs helm and is checked by the end-to-end tests (helm/render --check)."""

import re

import common

HELPERS, LABELS = "helm/cenote/templates/_helpers.tpl", "operator/api/labels.hpp"
RULE = re.compile(r"^- \{apiGroups: \[(?P<group>[^\]]*)\], resources: \[(?P<resource>[^\]]*)\], verbs: \[(?P<verbs>[^\]]*)\]\}", re.MULTILINE)
TABLE = re.compile(r'RbacRule\{"(?P<group>[^"]*)", "(?P<resource>[^"]*)", "(?P<verbs>[^"]*)"')


def rules(text, pattern):
    found = {}
    for match in pattern.finditer(text):
        found[(match["group"].strip('"'), match["resource"])] = tuple(sorted(verb.strip() for verb in match["verbs"].split(",")))
    return found


def check(root):
    findings = []
    copies = root / "helm/cenote/files/crds"
    for path in sorted((root / "crds").glob("*.yaml")):
        copy = copies / path.name
        if not copy.exists() or copy.read_text(encoding="utf-8") != path.read_text(encoding="utf-8"):
            findings.append(f"{copy.relative_to(root)}: differs from crds/{path.name}; run helm/render")
    findings += [f"{path.relative_to(root)}: has no source in crds/; run helm/render" for path in copies.glob("*.yaml") if not (root / "crds" / path.name).exists()]
    helpers = (root / HELPERS).read_text(encoding="utf-8")
    leases = (root / "helm/cenote/templates/rbac.yaml").read_text(encoding="utf-8")  # leader election has a Role of its own
    granted = {**rules(helpers, RULE), **rules(leases.partition("leader-election")[2].partition("RoleBinding")[0], RULE)}
    needed = rules((root / LABELS).read_text(encoding="utf-8"), TABLE)
    for key in sorted(granted.keys() | needed.keys()):
        if granted.get(key) != needed.get(key):
            where = "/".join(part for part in key if part)
            findings.append(f"{HELPERS}: {where}: the chart grants {granted.get(key, 'nothing')}, {LABELS} names {needed.get(key, 'nothing')}")
    return findings


if __name__ == "__main__":
    common.main(check)
