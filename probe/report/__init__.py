"""From a choice to what is shown: JSON, text, snippets, the doctor."""
