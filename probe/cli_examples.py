"""What the help of the probe and the doctor shows as examples."""

PROBE_EXAMPLES = (
    ("alternator probe", "what is here, and what suits it"),
    ("alternator probe --json", "for a program"),
    ("alternator probe --snippet quadlet", "what Podman needs to run the image"),
)
DOCTOR_EXAMPLES = (
    ("alternator doctor", "what to mend, with the commands"),
    ("alternator doctor --record machine.json", "for a report of a wrong choice"),
)
