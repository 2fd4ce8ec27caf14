"""What the codes of the trace mean. Their ``why`` often has a tool's own words in it."""

from probe.facts import TraceCode

MEANINGS: dict[TraceCode, str] = {
    "not-installed": "The tool is not on this machine.",
    "not-started": "The tool is there and can't be executed.",
    "timeout": "There was no answer within the time allowed.",
    "signal": "The tool died of a signal.",
    "too-long": "The tool printed without end.",
    "failed": "The probe itself failed, which is a defect of ours.",
    "exit": "The tool ended with an exit code that is not 0, and its complaint.",
    "no-gpu-listed": "The tool answered and lists no GPU.",
    "no-device-node": "There is no NVIDIA device node, so libcuda was not asked.",
    "no-answer": "libcuda was asked and said nothing that can be read.",
    "library-missing": "libcuda can't be loaded.",
    "cuda-init-failed": "libcuda's initialization fails with an error.",
}
