"""From a machine to facts: asks tools and kernel, reads their answers, judges access."""
