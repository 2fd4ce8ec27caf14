"""Windows of sound to tokens, many at once, whosever they are.

The way of a window: it waits in turn with those of other owners (``taking_turns``), is encoded
(``encoding``), has its language detected where nobody knows it (``languages``), and takes a place
in a lane (``lanes``, ``search_lane``) as soon as one is free; the others there go on beside it.
Where the result looks wrong (``attempts``) the window goes back to a lane for the next temperature,
with its encoded sound. While windows are urgent the others wait, but for every fourth piece of
work: what is said in the meantime is heard in time, and nobody waits for ever.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from alternator.speech.batched.attempts import Tokenizers, looks_wrong
from alternator.speech.batched.encoding import Encoded, Encoding
from alternator.speech.batched.jobs import Heard, Job
from alternator.speech.batched.lanes import Lanes, free_memory
from alternator.speech.batched.languages import LanguageDetector
from alternator.speech.batched.network import Network
from alternator.speech.batched.planning import Planner, lacks_memory
from alternator.speech.batched.taking_turns import TakingTurns
from alternator.speech.batched.token_rules import RuleTokens
from alternator.speech.batched.window import Decoded, Window

# The most windows that are encoded at once. On the CPU more gain nothing, and all else waits.
TOGETHER_ON_GPU, TOGETHER_ON_CPU = 8, 2
# While windows are urgent one of so many pieces of work is for all.
FOR_ALL = 4


class Decoder:
    """Decodes windows as openai-whisper's ``decode`` does each of them alone.

    ``batch_size``: windows that are decoded together, a positive number. ``tokenizers`` gives the
    tokenizer for a language's code and a task. ``seed``: of what is left to chance; the same window
    gives the same result whatever else is decoded. ``say`` is told what a user should know.

    One thread calls ``step`` and ``detect_language``, and is called back in; any thread may call
    ``submit`` and ``cancel``.
    """

    def __init__(
        self,
        network: Network,
        tokenizers: Tokenizers,
        *,
        batch_size: int,
        seed: int = 0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.batch_size = batch_size
        self._network, self._say = network, say
        self._planner = Planner(network.dimensions, tokenizers, seed)
        self._tokenizer = tokenizers("en", "transcribe")
        self._encoding = Encoding(network)
        self._languages = LanguageDetector(network, self._tokenizer)
        self._on_gpu = network.device.type == "cuda"
        self._lock = threading.Lock()  # around _urgent, _waiting and _unwanted
        self._urgent: TakingTurns[Job] = TakingTurns()
        self._waiting: TakingTurns[Job] = TakingTurns()
        self._pieces = 0  # of work
        self._unwanted: set[str] = set()
        # Taken from those who wait, and not done: all that are in the three after it.
        self._under_way: dict[Job, None] = {}
        self._coming: deque[tuple[Encoded, list[Job]]] = deque()
        self._ready: deque[Job] = deque()
        self._lanes = self._new_lanes()
        self._done: deque[tuple[Job, Decoded]] = deque()

    def submit(self, window: Window, on_done: Callable[[Decoded], None]) -> None:
        """Have a window decoded; ``on_done`` is told the result by a later ``step``.

        ConfigError for options that no window could be decoded with.
        """
        self._planner.check(window)
        job = Job(window=window, on_done=on_done, language=self._planner.known_language(window))
        with self._lock:
            self._queue(job).put(window.owner, job)

    def cancel(self, owner: str) -> None:
        """Forget all windows of an owner; nobody is told of them, but of those that the step under
        way is done with."""
        with self._lock:
            self._urgent.drop(owner)
            self._waiting.drop(owner)
            self._unwanted.add(owner)

    @torch.inference_mode()
    def detect_language(self, mel: Tensor) -> Mapping[str, float]:
        """Of each language's code the probability, for a spectrogram as Window.mel, by a model that
        knows more than English."""
        encoded = self._encoding.encode([mel], [True])
        encoded.ready.comes_first()
        return self._languages.probabilities(encoded.audio[0])

    def step(self) -> bool:
        """Do a piece of work; False if there was none.

        Without memory for the batch it goes on with half of it, and says so; torch's error comes
        out where a single window does not fit.
        """
        lacking = False
        try:
            worked = self._work()
        except (RuntimeError, MemoryError) as error:
            if self.batch_size == 1 or not lacks_memory(error):
                raise
            worked = lacking = True
        if lacking:
            # Behind the handler: the error holds on to what the failed work had.
            self._halve()
        while self._done:
            job, decoded = self._done.popleft()
            job.on_done(decoded)
        return worked

    @torch.inference_mode()
    def _work(self) -> bool:
        self._forget_unwanted()
        if not self._under_way and not len(self._waiting) and not len(self._urgent):
            return False
        self._arrive()
        self._lanes.admit(self._ready)
        self._pieces += 1
        for_all = self._pieces % FOR_ALL == 0
        for heard in self._lanes.round(for_all=for_all):
            self._decide(heard)
        if len(self._urgent) or for_all or not any(job.window.urgent for job in self._under_way):
            self._encode()
        return True

    def _queue(self, job: Job) -> TakingTurns[Job]:
        return self._urgent if job.window.urgent else self._waiting

    def _forget_unwanted(self) -> None:
        with self._lock:
            unwanted, self._unwanted = self._unwanted, set()
        for job in [job for job in self._under_way if job.window.owner in unwanted]:
            del self._under_way[job]
            self._lanes.drop(job)
            if job in self._ready:
                self._ready.remove(job)

    def _arrive(self) -> None:
        """What is encoded by now waits for places; where nothing else can be done, all of it."""
        idle = not self._ready and not len(self._lanes)
        while self._coming and (idle or self._coming[0][0].ready.is_past):
            encoded, jobs = self._coming.popleft()
            encoded.ready.comes_first()
            for job, audio in zip(jobs, encoded.audio, strict=True):
                if job in self._under_way:
                    job.audio = audio
                    self._learn_language(job)
                    job.plan = self._planner.plan(job)
                    self._ready.append(job)

    def _learn_language(self, job: Job) -> None:
        if job.language is None:
            found = self._languages.probabilities(job.heard)
            job.language = max(found, key=lambda code: found[code])
            job.language_probabilities = found

    def _decide(self, heard: Heard) -> None:
        """Whether a result is good enough, or the next temperature is tried."""
        job, decoded = heard.job, self._planner.decoded(heard)
        search = job.window.search
        if looks_wrong(decoded, search) and job.attempt + 1 < len(search.temperatures):
            job.attempt += 1
            job.plan = self._planner.plan(job)
            self._ready.appendleft(job)
        else:
            job.audio = None
            del self._under_way[job]
            self._done.append((job, decoded))

    def _encode(self) -> None:
        """Encode what the lanes will have room for, and on a GPU a little more, so that no place
        waits for it. Not while many windows are tried again: their sound takes memory. What is
        urgent goes first, and is not held up by how much else there is; nor is who has nothing
        under way yet by those who have much."""
        urgent = len(self._urgent) > 0
        counted = [job for job in self._under_way if job.window.urgent or not urgent]
        owners = {job.window.owner for job in counted}
        first = sum(job.attempt == 0 for job in counted)
        together = min(TOGETHER_ON_GPU if self._on_gpu else TOGETHER_ON_CPU, self.batch_size)
        ahead = together if self._on_gpu else 0
        wanted = min(together, self.batch_size + ahead - first)
        if len(counted) - first > self.batch_size:
            wanted = 0
        with self._lock:
            queue = self._urgent if urgent else self._waiting
            taken = [queue.take() for _ in range(wanted)]
            if wanted <= 0 and len(owners) < self.batch_size:
                taken = [queue.take(but=owners)]
        jobs = [job for job in taken if job is not None]
        if jobs:
            # Noted first: without memory for it they go back.
            self._under_way.update(dict.fromkeys(jobs))
            windows = [job.window for job in jobs]
            encoded = self._encoding.encode(
                [window.mel for window in windows], [window.exact for window in windows]
            )
            self._coming.append((encoded, jobs))

    def _halve(self) -> None:
        """Begin anew with what was under way, half as much at once."""
        self.batch_size //= 2
        self._coming.clear()
        self._ready.clear()
        self._lanes = self._new_lanes()
        with self._lock:
            for job in reversed(self._under_way):
                job.audio = None
                self._queue(job).put_back(job.window.owner, job)
        self._under_way.clear()
        free_memory(self._network.device)
        self._say(
            f"the memory is too small for the batch; going on with batch_size {self.batch_size}"
        )

    def _new_lanes(self) -> Lanes:
        tokens = RuleTokens.of(self._tokenizer, self._network.dimensions.n_vocab)
        no_speech = self._tokenizer.no_speech
        return Lanes(self._network, tokens, no_speech, windows=self.batch_size)
