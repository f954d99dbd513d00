# SPDX-License-Identifier: Apache-2.0
"""Licences as Debian's machine-readable copyright files tell them, in SPDX's words."""
import re

# Debian's short names whose texts are SPDX's of another name; where both have the same name, it is here twice.
SPDX_NAMES = {
    "Apache-2.0": "Apache-2.0",
    "Artistic": "Artistic-1.0-Perl",
    "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "BSL-1.0": "BSL-1.0",
    "CC0-1.0": "CC0-1.0",
    "Expat": "MIT",
    "GPL-1+": "GPL-1.0-or-later",
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "ISC": "ISC",
    "LGPL-2+": "LGPL-2.0-or-later",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3+": "LGPL-3.0-or-later",
    "MIT": "MIT",
    "OpenSSL": "OpenSSL",
    "PostgreSQL": "PostgreSQL",
    "Zlib": "Zlib",
    "zlib": "Zlib",
    "curl": "curl",
}


def paragraphs(text):
    """The file's paragraphs, each as {field: value}."""
    for block in re.split(r"\n\s*\n", text):
        fields, name = {}, None
        for line in block.splitlines():
            if line[:1].isspace() and name:
                fields[name] += "\n" + line[1:]
            elif ":" in line and not line.startswith("#"):
                name, value = line.split(":", 1)
                fields[name] = value.strip()
        yield fields


def licence(path):
    """(SPDX expression of the package's main licence, comment, {LicenseRef: its text})."""
    if not path.exists():
        return "NOASSERTION", "dpkg has no copyright file of it.", {}
    text = path.read_text(encoding="utf-8", errors="replace")
    parts = list(paragraphs(text))
    if not parts or "copyright-format" not in parts[0].get("Format", ""):
        return "NOASSERTION", f"Its licences are told in {path.name} as prose: {path}." if path.is_absolute() else "", {}
    texts = {}
    for part in parts:
        head, _, body = part.get("License", "").partition("\n")
        if head and (body or head not in texts):
            texts[head] = body
    mains = [part for part in parts if part.get("Files") == "*"] or [part for part in parts if "Files" in part][:1]
    main = (mains[0].get("License", "") if mains else "").split("\n")[0].strip()
    if not main:
        return "NOASSERTION", "Its copyright file names no licence of the package as a whole.", {}
    others = sorted({part["License"].split("\n")[0].strip() for part in parts if "Files" in part and part.get("License")} - {main})
    comment = f"Parts of the source package are under other licences, in Debian's words: {', '.join(others)}." if others else ""
    expression, references = in_spdx(main, texts)
    return expression, comment, references


def in_spdx(names, texts):
    """Debian's "A or B, and C" as an SPDX expression; names that SPDX has not become LicenseRefs with their text."""
    references, words = {}, []
    for word in re.split(r"( or | and |, and | and/or )", names):
        joint = word.strip(" ,")
        if joint in ("or", "and", "and/or"):
            words.append("OR" if joint == "and/or" else joint.upper())
        elif joint in SPDX_NAMES:
            words.append(SPDX_NAMES[joint])
        else:
            key = "LicenseRef-Debian-" + re.sub(r"[^A-Za-z0-9.]+", "-", joint).strip("-")
            references[key] = texts.get(joint, "").strip() or f"Debian names it: {joint}"
            words.append(key)
    return " ".join(words), references
