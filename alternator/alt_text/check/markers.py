"""What belongs to a model's protocol and slipped into its text: thoughts, channels, tokens.

Servers that know a model's template take these out; others, and templates that are a little wrong,
leave them in, often without their beginning, which was part of the prompt.
"""

import re

from alternator.alt_text.check.fault import Fault

_NAMES = (
    r"think|thinking|thought|thoughts|reasoning|reflection|scratchpad|inner_monologue|seed:think"
)
# <think>: DeepSeek R1, Qwen, GLM; [THINK]: Magistral; ◁think▷: Kimi-VL.
# https://huggingface.co/deepseek-ai/DeepSeek-R1
# https://huggingface.co/Qwen/Qwen3-VL-8B-Thinking
# https://docs.mistral.ai/capabilities/reasoning/
# https://huggingface.co/moonshotai/Kimi-VL-A3B-Thinking
# <|START_THINKING|>: Command A Reasoning, https://docs.cohere.com/docs/reasoning
# <unused94>thought: MedGemma, https://huggingface.co/google/medgemma-1.5-4b-it
THOUGHT_TAG = re.compile(
    rf"(?P<open>< ?(?:{_NAMES}) ?>|\[(?:THINK|THINKING)\]|◁think▷"
    rf"|<\|(?:START_THINKING|begin_of_thought)\|>|<unused94>(?:thought)?|<\|channel>thought)"
    rf"|(?P<close></ ?(?:{_NAMES}) ?>|\[/(?:THINK|THINKING)\]|◁/think▷"
    rf"|<\|(?:END_THINKING|end_of_thought)\|>|<unused95>|<channel\|>)",
    re.IGNORECASE,
)
# OpenAI's harmony: https://cookbook.openai.com/articles/openai-harmony
FINAL_CHANNEL = re.compile(r"<\|channel\|>\s*final\b[^<]*<\|message\|>")
ANY_CHANNEL = re.compile(r"<\|channel\|>\s*(?:analysis|commentary)\b")
# The same where the server dropped the special tokens and left the words.
BARE_CHANNELS = re.compile(r"\A(?:assistant)?(?:analysis|commentary)(?=[A-Z\"'“(])")
BARE_FINAL = re.compile(r"assistant\s?final(?=[^a-z])")
# What ends a turn: whatever comes after it, the model says to itself.
TURN_END = re.compile(
    r"<\|(?:im_end|end|eot_id|eom_id|endoftext|return|end_of_text|eot|im_start|start|user|"
    r"END_OF_TURN_TOKEN|END_RESPONSE|end_of_turn|endofprompt)\|>"
    r"|<end_of_turn>|<start_of_turn>|<end_of_utterance>|<eos>|<turn\|>|</s>(?=\s*\Z)|<\|eot\|>"
    r"|<｜end▁of▁sentence｜>|<｜User｜>|\[/?INST\]|<</?SYS>>"
    r"|^#{2,}\s*(?:Human|User|Instruction|Assistant|Response)\s*:",
    re.MULTILINE,
)
# What begins an answer.
TURN_BEGIN = re.compile(
    r"\A\s*(?:<\|(?:im_start|start|start_header_id|header_start)\|>\s*(?:assistant|model)?"
    r"\s*(?:<\|(?:end_header_id|header_end|message)\|>)?\s*"
    r"|<start_of_turn>\s*(?:model)?\s*|<｜Assistant｜>|<\|(?:assistant|START_RESPONSE|CHATBOT_TOKEN)\|>"
    r"|<bos>|<s>(?!.*</s>.)|\[/INST\]|#{2,}\s*(?:Assistant|Response)\s*:\s*)"
)
# Other special tokens, wherever they stand. https://huggingface.co/docs/transformers/chat_templating
TOKEN = re.compile(
    r"<\|[A-Za-z][\w▁ ]{0,40}\|>|<｜[\w▁ ]{1,40}｜>|<(?:bos|eos|pad|unk|mask|image|"
    r"image_soft_token|start_of_image|end_of_image|fake_token_around_image|row_\d+_col_\d+|global-img|loc\d{4}|"
    r"unused\d+)>|\[IMG(?:_BREAK|_END)?\]"
)
# OpenAI's marks of sources.
SOURCE_MARK = re.compile(r" ?【[^【】\n]{0,60}†[^【】\n]{0,60}】")


def without_markers(text: str) -> str | Fault:
    """The answer itself, without the protocol around it."""
    text = _last_channel(text)
    answer = _without_thoughts(text)
    if isinstance(answer, Fault):
        return answer
    answer = _own_turn(answer)
    return SOURCE_MARK.sub("", TOKEN.sub("", answer)).strip()


def _last_channel(text: str) -> str:
    """What was said in the channel for the user, where there are channels."""
    finals = list(FINAL_CHANNEL.finditer(text))
    if finals:
        return text[finals[-1].end() :]
    if BARE_CHANNELS.match(text) and (found := list(BARE_FINAL.finditer(text))):
        return text[found[-1].end() :]
    return text


def _without_thoughts(text: str) -> str | Fault:
    """The text outside of all thoughts. A thought whose beginning is missing begins the answer."""
    if ANY_CHANNEL.search(text) or BARE_CHANNELS.match(text):
        return Fault.THOUGHTS
    outside: list[str] = []
    depth, position = 0, 0
    for tag in THOUGHT_TAG.finditer(text):
        if depth == 0:
            outside.append(text[position : tag.start()])
        if tag["open"]:
            depth += 1
        elif depth:
            depth -= 1
        else:
            outside.clear()
        position = tag.end()
    if depth:
        return Fault.THOUGHTS
    if position == 0:
        return text
    answer = "".join([*outside, text[position:]]).strip()
    return answer or Fault.THOUGHTS


def _own_turn(text: str) -> str:
    """What the model says before it begins to speak for somebody else."""
    while found := TURN_BEGIN.match(text):
        if found.end() == 0:
            break
        text = text[found.end() :]
    end = TURN_END.search(text)
    return text if end is None else text[: end.start()].rstrip()
