"""A stand-in for micromamba, which no package registry holds: its command line over the real solver and installer of rattler.

What it understands, prints and refuses is micromamba's, as far as qik calls it: `create` of a prefix from match specs, or
from an explicit file whose checksums it compares; `--dry-run --json`; `CONDA_SUBDIR`, `CONDA_CHANNELS`, `CONDA_PKGS_DIRS`.
"""

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import sys
import urllib.request
from urllib.parse import urlsplit

import rattler


def fail(message):
    print(f"error    libmamba {message}", file=sys.stderr)
    print("critical libmamba Aborting.", file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def options():
    parser = argparse.ArgumentParser("micromamba")
    parser.add_argument("command", choices=["create"])
    parser.add_argument("-p", "--prefix", required=True)
    parser.add_argument("-y", "--yes", action="store_true")
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("-c", "--channel", action="append", default=[])
    parser.add_argument("-f", "--file", action="append", default=[])
    parser.add_argument("--override-channels", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("specs", nargs="*")
    return parser.parse_intermixed_args()


def channels(asked):
    named = [one for one in os.environ.get("CONDA_CHANNELS", "").split(",") if one]
    return asked.channel if asked.override_channels else [*asked.channel, *named]


def subdir():
    return os.environ.get("CONDA_SUBDIR") or str(rattler.Subdir.current())


def cache():
    return os.environ.get("CONDA_PKGS_DIRS") or os.path.expanduser("~/micromamba/pkgs")


async def solved(asked):
    try:
        return await rattler.solve(
            sources=channels(asked),
            specs=asked.specs,
            platforms=[subdir(), "noarch"],
            virtual_packages=rattler.VirtualPackage.detect(),
        )
    except Exception as error:
        fail(f"Could not solve for environment specs\n{error}")


def told(record):
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "build_number": record.build_number,
        "channel": record.channel,
        "fn": record.file_name,
        "md5": record.md5.hex(),
        "sha256": record.sha256.hex(),
        "subdir": record.subdir,
        "url": record.url,
    }


def explicit(path):
    """Each URL with its checksum."""
    with open(path) as file:
        lines = [line.strip() for line in file]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines or lines[0] != "@EXPLICIT":
        fail(f"'{path}' is no explicit file")
    return [line.split("#") for line in lines[1:]]


async def record_of(url, checksum):
    """The record of one archive, by its channel's own index; the archive is compared with its checksum."""
    channel, place, name = url.rsplit("/", 2)
    parts = urlsplit(url)
    if "@" in parts.netloc:
        account, host = parts.netloc.split("@")
        manager = urllib.request.HTTPPasswordMgrWithPriorAuth()
        user, _, password = account.partition(":")
        manager.add_password(None, f"{parts.scheme}://{host}/", user, password, is_authenticated=True)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
        plain = url.replace(f"{account}@", "")
    else:
        opener, plain = urllib.request.build_opener(), url
    try:
        data = opener.open(plain).read()
    except OSError as error:
        fail(f"Could not fetch {url}: {error}")
    if hashlib.md5(data).hexdigest() != checksum:
        fail(f"'{name}': md5 mismatch")
    stem = name.removesuffix(".tar.bz2").removesuffix(".conda")
    wanted, version, build = stem.rsplit("-", 2)
    found = await rattler.solve(
        sources=[channel], specs=[f"{wanted} =={version} {build}"], platforms=[place, "noarch"]
    )
    return next(one for one in found if one.file_name == name)


async def main():
    asked = options()
    if asked.file:
        lines = explicit(asked.file[0])
        # Each by itself: what an explicit file leaves out is not installed.
        records = [await record_of(url, checksum) for url, checksum in lines]
    else:
        records = await solved(asked)
    if asked.dry_run:
        rows = [told(record) for record in records]
        actions = {"FETCH": rows, "LINK": rows, "PREFIX": asked.prefix}
        print(json.dumps({"actions": actions, "dry_run": True, "prefix": asked.prefix, "success": True}))
        return
    if os.path.lexists(asked.prefix):
        if not os.path.isdir(f"{asked.prefix}/conda-meta"):
            fail("Non-conda folder exists at prefix - aborting.")
        shutil.rmtree(asked.prefix)
    await rattler.install(records, asked.prefix, cache_dir=cache(), show_progress=False)
    for record in records:
        print(f"Linking {record.name.normalized}-{record.version}-{record.build}")


asyncio.run(main())
# rattler's threads may still be there, and Python's own end does not always survive them.
sys.stdout.flush()
os._exit(0)
