"""Writes a conda channel: small packages and the repodata that lists exactly them.

Standard input is a JSON list of {name, version, requires, files, subdir}; the argument a directory.
"""

import hashlib
import io
import json
import os
import sys
import tarfile

#: What a package's text files may hold in place of the environment that it is installed into.
PLACEHOLDER = "/opt/placeholder_placeholder_placeholder"


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fresh = f"{path}.{os.getpid()}"
    with open(fresh, "wb") as file:
        file.write(data)
    os.replace(fresh, path)


def paths_entry(path, body):
    entry = {
        "_path": path,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(body).hexdigest(),
        "size_in_bytes": len(body),
    }
    if PLACEHOLDER.encode() in body:
        entry.update({"file_mode": "text", "prefix_placeholder": PLACEHOLDER})
    return entry


def write_conda(channel, package):
    name, version, subdir = package["name"], package["version"], package.get("subdir", "noarch")
    index = {
        "name": name,
        "version": version,
        "build": "0",
        "build_number": 0,
        "depends": package.get("requires", []),
        "subdir": subdir,
    }
    if subdir == "noarch":
        index["noarch"] = "generic"
    own = {path: text.replace("{prefix}", PLACEHOLDER).encode() for path, text in package["files"].items()}
    paths = {"paths": [paths_entry(path, body) for path, body in own.items()], "paths_version": 1}
    bodies = {
        **own,
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps(paths).encode(),
        "info/files": "".join(f"{path}\n" for path in own).encode(),
        "info/about.json": b"{}",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as archive:
        for path, body in bodies.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(body)
            entry.mode = 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(body))
    data = out.getvalue()
    file = f"{name}-{version}-0.tar.bz2"
    put(f"{channel}/{subdir}/{file}", data)
    sums = {"md5": hashlib.md5(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}
    return subdir, file, {**index, **sums, "size": len(data)}


def write_channel(channel, packages):
    rows = {"noarch": {}}
    for package in packages:
        subdir, file, record = write_conda(channel, package)
        rows.setdefault(subdir, {})[file] = record
    for subdir, found in rows.items():
        data = {"info": {"subdir": subdir}, "packages": found, "packages.conda": {}, "repodata_version": 1}
        put(f"{channel}/{subdir}/repodata.json", json.dumps(data).encode())


write_channel(sys.argv[1], json.load(sys.stdin))
