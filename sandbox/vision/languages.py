"""Says what was measured in the language that a prompt asks for, as far as this endpoint has it."""

# By what stands in a prompt that asks for the language; what was measured stays in English, quoted.
SENTENCES = {
    "auf Deutsch": "Das Bild wurde vermessen, und das wurde darin gefunden, auf Englisch: “{}”",
    "en français": "L'image a été mesurée, et voici ce qui s'y trouve, en anglais : “{}”",
    "en español": "Se ha medido la imagen y esto es lo que hay en ella, dicho en inglés: “{}”",
    "in italiano": "L'immagine è stata misurata, ed ecco che cosa vi si trova, in inglese: “{}”",
    "em português": "A imagem foi medida e isto é o que nela se encontra, dito em inglês: “{}”",
    "in het Nederlands": "De afbeelding is gemeten, en dit staat erop, in het Engels: “{}”",
    "日本語": "この画像を測定した結果は次のとおりです（英語で示します）：“{}”",
}


def in_language_of(prompt: str, text: str) -> str:
    """The text as an answer to the prompt; English where the language is none of ours."""
    for words, sentence in SENTENCES.items():
        if words in prompt:
            return sentence.format(text)
    return text
