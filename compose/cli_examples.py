"""What the help of `alternator up`, `scale` and `down` shows as examples."""

UP_EXAMPLES = (
    ("alternator up", "the bot of alternator.toml, or the demo"),
    ("alternator up --config /etc/alternator/alternator.toml", "another configuration"),
    ("alternator up --demo --variant cpu", "try it without an account or a GPU"),
)
SCALE_EXAMPLES = (
    ("alternator scale", "the roles of alternator.toml's accounts, or of the sandbox's"),
    ("alternator scale --demo --workers 3", "three workers for pictures, three for speech"),
    ("alternator scale --down", "stop them; the database stays"),
)
DOWN_EXAMPLES = (
    ("alternator down", "stop; what it remembers stays"),
    ("alternator down --volumes", "stop, and forget everything"),
)
