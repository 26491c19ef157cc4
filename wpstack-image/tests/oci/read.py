"""Reads a layout of the OCI, a directory or an archive, with nothing but Python, and says what it found as JSON.

Whatever is wrong with it ends the program.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path


def contents(path):
    if path.is_dir():
        return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        assert len({m.name for m in members}) == len(members), "each name comes once"
        return {m.name: archive.extractfile(m).read() for m in members if m.isfile()}


files = contents(Path(sys.argv[1]))
assert json.loads(files.pop("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
index = json.loads(files.pop("index.json"))
docker = json.loads(files.pop("manifest.json", b"null"))
for name, blob in files.items():
    assert name == "blobs/sha256/" + hashlib.sha256(blob).hexdigest(), name
used = set()


def blob(descriptor):
    name = descriptor["digest"].replace("sha256:", "blobs/sha256/")
    used.add(name)
    assert len(files[name]) == descriptor["size"], descriptor
    return files[name]


def tree(layer):
    found = {}
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for m in archive:
            assert (m.mtime, m.uname, m.gname) == (0, "", ""), m.name
            kind = "dir" if m.isdir() else "link" if m.issym() else "same" if m.islnk() else "file"
            text = archive.extractfile(m).read().decode() if kind == "file" else m.linkname
            assert m.name not in found, m.name
            found[m.name] = [kind, oct(m.mode), m.uid, m.gid, text[:40]]
    assert list(found) == sorted(found), "sorted"
    return found


def image(descriptor):
    manifest = json.loads(blob(descriptor))
    if "manifests" in manifest:
        return [part for below in manifest["manifests"] for part in image(below)]
    config = json.loads(blob(manifest["config"]))
    if "subject" in manifest:
        return [{"about": manifest["subject"]["digest"], "type": manifest["artifactType"],
                 "text": json.loads(blob(manifest["layers"][0]))["bomFormat"]}]
    layers = [gzip.decompress(blob(layer)) for layer in manifest["layers"]]
    ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    assert ids == config["rootfs"]["diff_ids"]
    return [{"digest": descriptor["digest"], "config": config["config"],
             "architecture": config["architecture"], "layers": [tree(layer) for layer in layers]}]


found = [part for entry in index["manifests"] for part in image(entry)]
if docker is not None:
    for entry in docker:
        assert entry["Config"] in files and all(layer in files for layer in entry["Layers"])
assert used == set(files), "every blob is named"
tags = [m.get("annotations", {}).get("org.opencontainers.image.ref.name") for m in index["manifests"]]
print(json.dumps({"found": found, "tags": tags, "docker": docker}))
