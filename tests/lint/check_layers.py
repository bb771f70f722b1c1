#!/usr/bin/env python3
"""A folder includes only what its DEPS in CMake allow, directly or through what they allow in turn.

CMake writes build/dev/layers.txt, a line for each library: NAME FOLDER DEP,DEP,…
"""

import common


def read_layers(text):
    folders, deps = {}, {}
    for line in text.splitlines():
        name, folder, *rest = line.split()
        folders[name] = folder
        deps[name] = [dep for dep in (rest[0].split(",") if rest else []) if dep]
    return folders, deps


def allowed(name, deps, seen=None):
    """The library and everything below it."""
    seen = set() if seen is None else seen
    if name not in seen:
        seen.add(name)
        for dep in deps.get(name, []):
            allowed(dep, deps, seen)
    return seen


def check(root):
    layers = root / "build/dev/layers.txt"
    if not layers.exists():
        return [f"{layers}: missing; configure first (./dev build)"]
    folders, deps = read_layers(layers.read_text(encoding="utf-8"))
    findings = [f"layers.txt: {name} names {dep}, which is no library of ours" for name in deps for dep in deps[name] if dep not in folders]
    for name, folder in folders.items():
        if not (root / folder).is_dir():
            continue
        may = {folders[one] for one in allowed(name, deps) if one in folders}
        for path in common.sources(root, [folder]):
            if owner(path.relative_to(root), folders) != folder:
                continue
            for number, included, quoted in common.includes(path):
                target = owner(included, folders) if quoted else None
                if target and target not in may:
                    short, other = folder.split("/")[-1], target.split("/")[-1]
                    findings.append(f"{path.relative_to(root)}:{number}: {short} may not include {other} ({included})")
    return findings


def owner(path, folders):
    """The deepest library folder that holds the path."""
    held = [folder for folder in folders.values() if str(path).startswith(folder + "/")]
    return max(held, key=len, default=None)


if __name__ == "__main__":
    common.main(check)
