"""The rules that diagnostics name, each in a line. The names are stable: CI setups know them."""

from __future__ import annotations

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    # files
    "no-such-file": "The path does not exist.",
    "file-left-out": (
        "A file in the folder has a catalog's sections, but its name keeps it from being read."
    ),
    "not-a-file": "A path leads to a pipe, a device or a socket.",
    "unreadable-file": "A file cannot be opened.",
    "outside-folder": "A symbolic link leads out of the folder that was given.",
    "file-too-large": "A file is larger than any catalog.",
    "not-utf-8": "A file is not UTF-8 text.",
    "control-character": "A file holds a character that YAML, or the server, does not allow.",
    "secret-in-file": "A credential is written into a file.",
    # YAML
    "yaml-syntax": "A file is not valid YAML.",
    "multiple-documents": "A file holds more than one YAML document.",
    "too-deep": "Values are nested too deeply.",
    "too-many-values": "A file holds too many values.",
    "too-many-findings": "A file has so many mistakes that the rest was not read.",
    "alias-bomb": "Aliases expand a file beyond all measure.",
    "recursive-alias": "An alias stands inside of what it repeats.",
    "unknown-alias": "An alias names an anchor that is not there.",
    "bad-merge-key": "A merge key takes something that is no map.",
    "duplicate-key": "A key stands twice in one map.",
    "non-string-key": "A key is not text.",
    "custom-tag": "A value has a YAML tag.",
    "ambiguous-scalar": "An unquoted value means different things to different YAML readers.",
    "non-finite-number": "A number is infinite or not a number.",
    "number-too-large": "An integer is too large to be exact on the server.",
    # shape
    "missing-version": "A file does not say which format version it has.",
    "unknown-version": "A file has a format version that this program does not read.",
    "unknown-field": "A field has no meaning where it stands.",
    "unknown-value": "A value is none of those that a field can have.",
    "wrong-type": "A value has the wrong type.",
    "bad-format": "A text does not have the form that is asked for.",
    "bad-slug": "A slug does not have the form of one.",
    "bad-icon": "An icon does not have the form `lucide:name`.",
    "bad-grant": "A grant is none of: a number, unlimited, true or false, a map with value.",
    "text-length": "A text is too short or too long.",
    "out-of-range": "A number is too small or too large.",
    "missing-field": "A required field is missing.",
    "null-field": "A field that cannot be cleared is null.",
    "empty-object": "An object is declared without content.",
    "empty-section": "A whole section is null.",
    # meaning
    "duplicate-slug": "An object is declared in two places.",
    "outside-scope": "An object is declared that the project's scope leaves out.",
    "undeclared-entitlement": "A grant names an entitlement that is not declared.",
    "undeclared-group": "An entitlement names a group that is not declared.",
    "wrong-value-type": "A grant's value does not fit the type of its entitlement.",
    "negative-value": "A threshold is negative.",
    "overage-not-allowed": "Overage stands beside a value that is no number.",
    "overage-with-unlimited": "Overage stands beside unlimited.",
    "overage-range": "An overage percentage is out of range.",
    "number-only-field": "A field of metered entitlements stands on another type.",
    "anchor-without-period": "A reset anchor stands without a reset period.",
    "latest-with-reset": "Usage by LATEST has a reset period.",
    "units-incomplete": "Unit labels that go together are not all there.",
    "several-defaults": "A family has more than one default license.",
    "default-not-published": "A family's default license is not published.",
    "version-without-family": "A license has a version and no family.",
    "unsupported-field": "A field is declared that the server does not know.",
    # the project file
    "bad-target-name": "A target's name cannot be part of a file name.",
    "bad-url": "A target's URL is not that of a server.",
    "bad-token": "A target's token has no place, or two.",
    "template": "A value holds template syntax.",
    "not-available": "A value belongs to a later version of this program.",
}
"""Every rule's name and what it finds."""
