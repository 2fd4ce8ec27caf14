"""What the help of `alternator up` and `down` shows as examples."""

UP_EXAMPLES = (
    ("alternator up", "the bot of alternator.toml, or the demo"),
    ("alternator up --config /etc/alternator/alternator.toml", "another configuration"),
    ("alternator up --demo --variant cpu", "try it without an account or a GPU"),
)
DOWN_EXAMPLES = (
    ("alternator down", "stop; what it remembers stays"),
    ("alternator down --volumes", "stop, and forget everything"),
)
