"""Writes small wheels and an index of them.

Standard input is a JSON list of {name, version, requires}; the argument a directory. Each package brings a program
of its name that prints its version. `simple/` is an index as PEP 503 has it.
"""

import base64
import glob
import hashlib
import json
import os
import sys
import zipfile


def write(directory, package):
    name, version = package["name"], package["version"]
    info = f"{name}-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {one}\n" for one in package.get("requires", []))
    files = {
        f"{name}/__init__.py": f"def main():\n    print({name!r}, {version!r})\n",
        f"{name}/inner.py": "HERE = True\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: qik\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = []
    with zipfile.ZipFile(f"{directory}/{name}-{version}-py3-none-any.whl", "w") as wheel:

        def add(path, data):
            # The same bytes each time: locks hold their digest.
            wheel.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)

        for path, text in files.items():
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}\n")
            add(path, data)
        record.append(f"{info}/RECORD,,\n")
        add(f"{info}/RECORD", "".join(record).encode())


def index(directory):
    links = {}
    for path in sorted(glob.glob(f"{directory}/*.whl")):
        with open(path, "rb") as wheel:
            digest = hashlib.sha256(wheel.read()).hexdigest()
        file = os.path.basename(path)
        link = f'<a href="../../{file}#sha256={digest}">{file}</a><br>'
        links.setdefault(file.split("-")[0], []).append(link)
    for name, all_of_it in links.items():
        os.makedirs(f"{directory}/simple/{name}", exist_ok=True)
        with open(f"{directory}/simple/{name}/index.html", "w") as page:
            page.write("<!DOCTYPE html>\n" + "\n".join(all_of_it))


for package in json.load(sys.stdin):
    write(sys.argv[1], package)
index(sys.argv[1])
