"""Refusals, plans and chatter, as models say them in all languages that they are asked in."""

import pytest

from alternator.alt_text.check.chatter import (
    one_text,
    refuses,
    thinks_aloud,
    without_ending,
    without_lead_in,
)
from alternator.alt_text.check.fault import Fault

REFUSALS = """
I'm sorry, but I can't assist with that request.
I’m sorry, but I can’t help with identifying people in images.
Sorry, I can't help with that.
I'm unable to view images directly, but if you describe it I can help.
I am unable to process images.
I cannot see the image.
I can't see any image attached to your message.
As an AI language model, I don't have the ability to see images.
As a text-based AI, I cannot view pictures.
No image was provided.
There is no image attached to your message. Please upload the picture.
It seems that no image was provided. Please share the image.
It looks like you haven't attached an image.
It looks like the image didn't load properly.
Please provide the image you would like me to describe.
I don't see an image in your message. Could you please upload it?
Unfortunately, I'm not able to describe this image.
I apologize, but I cannot provide a description of this image, since it may be inappropriate.
I must decline to describe this picture.
I'm just a language model and can't see.
Unable to load image
Could not process the image.
Failed to fetch image from URL
The image is not available.
Image could not be processed.
Image not found
This picture is corrupted.
A photo of a man in a suit. I cannot identify the person in the image.
A photo of two women. However, I'm unable to identify individuals based on their appearance.
Es tut mir leid, aber ich kann dieses Bild nicht beschreiben.
Leider kann ich keine Bilder sehen.
Als KI-Modell kann ich keine Bilder sehen.
Als Sprachmodell habe ich keinen Zugriff auf Bilder.
Ich kann das Bild leider nicht sehen.
Es wurde kein Bild bereitgestellt.
Bitte laden Sie das Bild hoch.
Je suis désolé, mais je ne peux pas décrire cette image.
Désolé, je ne peux pas vous aider avec cette demande.
En tant qu'IA, je ne peux pas voir les images.
Aucune image n'a été fournie.
Je ne vois pas d'image jointe à votre message.
Lo siento, pero no puedo ayudar con eso.
Lo siento, no puedo ver la imagen.
Como modelo de lenguaje, no puedo ver imágenes.
No se ha proporcionado ninguna imagen.
Mi dispiace, ma non posso descrivere questa immagine.
In quanto modello linguistico, non posso vedere le immagini.
Non è stata fornita alcuna immagine.
Desculpe, mas não posso descrever esta imagem.
Sinto muito, mas não consigo ver a imagem.
Como modelo de linguagem, não consigo ver imagens.
Nenhuma imagem foi fornecida.
Het spijt me, maar ik kan deze afbeelding niet beschrijven.
Als AI-model kan ik geen afbeeldingen bekijken.
Er is geen afbeelding bijgevoegd.
Tyvärr kan jag inte se bilden.
Jag är ledsen, men jag kan inte hjälpa till med det.
Som AI kan jag inte se bilder.
Beklager, men jeg kan ikke beskrive dette billede.
Som en AI-model kan jeg ikke se billeder.
Beklager, jeg kan ikke se bildet.
Som språkmodell kan jeg ikke se bilder.
Pahoittelen, mutta en voi auttaa tässä pyynnössä.
Valitettavasti en näe kuvaa.
Tekoälynä en voi nähdä kuvia.
Przykro mi, ale nie mogę opisać tego obrazu.
Niestety nie widzę obrazu.
Jako model językowy nie mogę wyświetlać obrazów.
Omlouvám se, ale nemohu tento obrázek popsat.
Bohužel nevidím žádný obrázek.
Jako jazykový model nemohu zobrazit obrázky.
Üzgünüm, bu görseli açıklayamam.
Üzgünüm ama bu konuda yardımcı olamıyorum.
Bir yapay zeka modeli olarak görselleri göremiyorum.
Görsel yüklenmedi.
К сожалению, я не могу описать это изображение.
Извините, но я не могу помочь с этим запросом.
Как языковая модель, я не вижу изображений.
Изображение не было предоставлено.
Я не могу просматривать изображения.
На жаль, я не можу описати це зображення.
Вибачте, але я не можу допомогти з цим запитом.
Як мовна модель, я не бачу зображень.
申し訳ありませんが、この画像を説明することはできません。
申し訳ございませんが、そのご要望にはお応えできません。
AIとして、画像を見ることはできません。
画像が提供されていません。
画像をアップロードしてください。
죄송하지만 이 이미지를 설명할 수 없습니다.
죄송합니다. 이 요청은 도와드릴 수 없습니다.
저는 AI 언어 모델로서 이미지를 볼 수 없습니다.
이미지가 제공되지 않았습니다.
抱歉，我无法描述这张图片。
很抱歉，我无法满足该请求。
作为一个AI语言模型，我无法查看图片。
我无法看到您提供的图片。
您没有上传图片。
对不起，我不能帮助您完成这个请求。
请上传您想要描述的图片。
Error: 500 Internal Server Error
Internal server error
This request violates my content policy.
Hello! How can I help you today?
""".strip().splitlines()
THOUGHTS = """
Okay, let's see. The user wants alt text for a picture of a house.
The user wants a description of the image. It shows a house.
Let me analyze the image first. There is a house.
We need to produce alt text for an image.
Got it, let's tackle this. The image shows a house.
Hmm, the user uploaded a picture of a house
好的，用户要求我描述这张图片。图中有一座房子。
首先，我需要仔细看这张图片。
Der Nutzer möchte einen Alternativtext. Das Bild zeigt ein Haus.
""".strip().splitlines()


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_is_known_in_every_language(answer: str) -> None:
    assert refuses(answer)
    # Shown in a picture, it is quoted.
    assert not refuses(f'A screenshot. It says: "{answer}"')


@pytest.mark.parametrize("answer", THOUGHTS)
def test_a_plan_is_no_answer(answer: str) -> None:
    assert thinks_aloud(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "A man who is sorry that he can't come.",
        "I cannot see the stars tonight.",
        "Sorry, we are closed.",
        "A sign reads:\nI'm unable to view the picture.",
        "Okay, boomer.",
        "Let it be.",
        "The user interface of a camera, with a picture of a house.",
    ],
)
def test_words_of_the_picture_are_neither(answer: str) -> None:
    assert not refuses(answer)
    assert not thinks_aloud(answer)


def test_what_was_given_may_be_said() -> None:
    said = "I'm sorry, but I can't come."
    assert refuses(said)
    assert not refuses(said, f"Hello. {said}")
    assert without_lead_in("Summary: it rains.", "Summary: it rains.") == "Summary: it rains."
    assert without_lead_in("Summary: it rains.", "Rain.") == "it rains."


def test_endings_go_one_after_the_other() -> None:
    answer = "A house. I hope this helps! Would you like more detail?\n\n(8 characters)"
    assert without_ending(answer) == "A house."
    assert without_ending("Let me know if you need more.") == "Let me know if you need more."


def test_one_of_several_texts_is_not_chosen() -> None:
    assert one_text("Option A: A house\nOption B: A hut") is Fault.CHOICE
    assert one_text("A menu. Option 1: pizza. Option 2: pasta.") != Fault.CHOICE
