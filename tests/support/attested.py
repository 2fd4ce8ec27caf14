"""Predicates as they are attested of an image, short ones."""

from images.publish.attestations import CYCLONEDX, PROVENANCE, SPDX, Predicate

PREDICATES = [
    Predicate(type=SPDX, document={"spdxVersion": "SPDX-2.3"}),
    Predicate(type=CYCLONEDX, document={"bomFormat": "CycloneDX"}),
    Predicate(type=PROVENANCE, document={"buildDefinition": {}}),
]
