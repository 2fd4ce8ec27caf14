from alternator.config.models import VisionSettings


def test_an_endpoint_needs_a_key_or_an_address_of_its_own():
    assert not VisionSettings().enabled
    assert VisionSettings(api_key="a-key").enabled
    assert VisionSettings(base_url="http://127.0.0.1:8080/v1").enabled


def test_models_are_asked_in_order_and_each_once():
    settings = VisionSettings(model="one", vision_fallback_model="two", text_model="three")
    assert settings.vision_models == ("one", "two")
    assert settings.text_models == ("three", settings.text_fallback_model)
    assert VisionSettings(model="one", vision_fallback_model="").vision_models == ("one",)
    assert VisionSettings(model="one", text_fallback_model="one").text_models == ("one",)


def test_the_key_is_not_shown():
    assert "the-key" not in repr(VisionSettings(api_key="the-key"))
