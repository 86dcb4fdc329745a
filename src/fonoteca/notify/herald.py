"""Tells of what the daemon saw, without ever making it wait: decides, sends couriers off, and remembers what arrived.

herald.began()                         # a piece of work begins: the dead-man's switch hears of it
herald.look(archive)                   # at its end, in the thread that did it
herald.heard("scan", None, 0)          # in the loop, once it is over
for sentence in herald.step(now): …    # in each round; what is wrong with telling itself
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from fonoteca.archive import Archive
from fonoteca.catalogue import notices
from fonoteca.config.model import Config
from fonoteca.core.notice import UNDELIVERED, News, Remembered, Topic, Trouble, Turn, failed_run, told
from fonoteca.core.report import ExitCode
from fonoteca.notify.addresses import addresses
from fonoteca.notify.delivery import PATIENCE_S, Delivery, Job, undelivered, with_ending
from fonoteca.notify.figures import write_figures
from fonoteca.notify.looking import Sight, look, news_of
from fonoteca.notify.wording import message, report
from fonoteca.render.metrics import Cycle

FIRST_PAUSE_S, LONGEST_PAUSE_S = 300.0, 6 * 3600.0
"""What did not arrive is tried again after so long; twice as long each time."""
OFTEN_S = 60.0
"""The switch hears of success at most so often: an album that is being tagged is many pieces of work."""
KEPT = 50
"""So many single events that could not be told are kept to be told."""

_WELL = {ExitCode.DONE, ExitCode.BUDGET, ExitCode.POLICY, ExitCode.AWAY}
"""How a piece of work may end without the switch being alarmed."""


@dataclass(slots=True)
class Herald:
    """One archive's. Only `look` is called from another thread than all the rest."""

    config: Config
    machine: str
    environ: Mapping[str, str] = field(repr=False)
    now_ns: Callable[[], int]
    ring: Callable[[], object] = lambda: None
    """Called, from any thread, when there is something for `step` to see."""
    patience_s: float = PATIENCE_S
    memory: dict[str, Remembered] = field(default_factory=dict)
    is_dirty: bool = False
    """The catalogue does not hold `memory` yet."""
    _sight: Sight | None = None
    _failed: dict[str, Trouble] = field(default_factory=dict)
    _happened: list[News] = field(default_factory=list)
    _under_way: tuple[Delivery, list[News]] | None = None
    _pings: list[Job] = field(default_factory=list)
    _ping: Delivery | None = None
    _wrong: dict[str, str] = field(default_factory=dict)
    _wrong_ping: dict[str, str] = field(default_factory=dict)
    _problems: tuple[str, ...] = ()
    _wants_telling: bool = False
    _not_before: float = float("-inf")
    _pause_s: float = FIRST_PAUSE_S
    _wrong_figures: str = ""
    _pinged: float = float("-inf")
    _is_in_time: bool = True
    _is_well: bool = True
    _sentences: list[str] = field(default_factory=list)

    def load(self, archive: Archive) -> None:
        """What is remembered."""
        self.memory = notices.load(archive.catalogue)

    def save(self, archive: Archive) -> None:
        """Have it remembered."""
        notices.save(archive.catalogue, self.memory)
        self.is_dirty = False

    # work

    def began(self, now: float) -> None:
        """A piece of work begins. `now` is a clock that never jumps, in seconds."""
        self._is_in_time = now - self._pinged >= OFTEN_S
        if self._is_in_time:
            self._queue_ping("start", "")

    def look(self, archive: Archive) -> None:
        """What the archive is like now. Raises nothing: telling never fails a backup."""
        try:
            self._sight = look(archive, self.memory)
        except Exception as error:  # noqa: BLE001  whatever it is, it is said, and the backup stands
            self._sentences.append(f"Nobody can be told of this: {str(error) or type(error).__name__}")

    def ended(self, code: int | None) -> None:
        """How the last piece of work ended; None: by an error."""
        self._is_well = code is not None and code in _WELL

    def write_figures(self) -> None:
        """To the file that the config names, if it does."""
        file = self.config.metrics.file
        if file is None or self._sight is None:
            return
        cycle = Cycle(self.now_ns(), self._is_well)
        wrong = write_figures(file, self._sight.status, self._sight.judgement, cycle)
        if wrong and wrong != self._wrong_figures:
            self._sentences.append(wrong)
        self._wrong_figures = wrong

    def heard(
        self,
        name: str,
        now: float,
        *,
        code: int | None,
        error: Exception | None = None,
        is_report: bool = False,
    ) -> None:
        """A piece of work is over. `error`: what ended it."""
        if error is not None:
            self._failed[name] = failed_run(name, f"The {name} failed: {str(error) or type(error).__name__}")
        else:
            self._failed.pop(name, None)
        self.ended(code if error is None else None)
        if self._is_in_time or not self._is_well:
            self._queue_ping("" if self._is_well else "fail", self._word())
            self._pinged = now
        if is_report and self._sight is not None:
            text = report(self._sight.status)
            self._happened.append(News("report", Topic.REPORT, Turn.HAPPENED, text))
        self.write_figures()
        self._wants_telling = True

    def _word(self) -> str:
        """What the switch is told: no name of a file."""
        return "" if self._sight is None else f"Archive: {self._sight.judgement.overall.value}"

    # telling

    def step(self, now: float) -> list[str]:
        """Go on with what is to be told. Gives sentences for the log: what is wrong with telling itself."""
        self._go_on_pinging()
        self._end_message(now)
        if self._wants_telling and self._under_way is None and now >= self._not_before:
            self._tell()
        said, self._sentences = self._sentences, []
        return said

    def _tell(self) -> None:
        self._wants_telling = False
        now_ns = self.now_ns()
        news, fresh = news_of(self._sight, self.memory, now_ns, tuple(self._failed.values()))
        if self._sight is not None:
            self._sight = replace(self._sight, closed=())
        self._remember(fresh)
        happened = [each for each in news if each.turn is Turn.HAPPENED and each not in self._happened]
        self._happened = [*self._happened, *happened][-KEPT:]
        lasting = [each for each in news if each.turn is not Turn.HAPPENED]
        found = addresses(self.config.notify, self.environ)
        self._problems = found.problems
        if not found.urls:
            self._happened, self._wrong = [], {}
        elif lasting or self._happened:
            self._send([*lasting, *self._happened], found.urls, now_ns)
        self._review()

    def _send(self, news: list[News], urls: tuple[str, ...], now_ns: int) -> None:
        samples = (self._sight.samples if self._sight is not None else None) or {}
        words = message(news, samples, machine=self.machine, now_ns=now_ns)
        job = Job(urls, words.title, words.body, patience_s=self.patience_s)
        self._under_way = Delivery(job, self.ring), news

    def _end_message(self, now: float) -> None:
        if self._under_way is None or (result := self._under_way[0].result()) is None:
            return
        news, self._under_way = self._under_way[1], None
        self._wrong = result.failed
        if result.reached:
            self._pause_s = FIRST_PAUSE_S
            self._happened = [each for each in self._happened if each not in news]
            self._remember(told(self.memory, news, self.now_ns()))
        else:
            self._not_before, self._wants_telling = now + self._pause_s, True
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._review()

    def _remember(self, fresh: dict[str, Remembered]) -> None:
        if fresh != self.memory:
            self.memory, self.is_dirty = fresh, True

    def _review(self) -> None:
        """Whether notices arrive: said once, and shown by `status` as long as they do not."""
        sentence = undelivered({**self._wrong, **self._wrong_ping}, self._problems)
        known = self.memory.get(UNDELIVERED)
        if (known.title if known is not None else "") == sentence:
            return
        fresh = {key: each for key, each in self.memory.items() if key != UNDELIVERED}
        if sentence:
            since_ns = known.since_ns if known is not None else self.now_ns()
            fresh[UNDELIVERED] = Remembered(sentence, 0, since_ns)
        self._remember(fresh)
        self._sentences.append(
            f"{sentence[:1].upper()}{sentence[1:]}" if sentence else "Notices arrive again."
        )

    # the switch

    def _queue_ping(self, ending: str, body: str) -> None:
        url = addresses(self.config.notify, self.environ).ping
        if url is None:
            self._wrong_ping = {}
            return
        job = Job(ping=with_ending(url, ending), body=body, patience_s=self.patience_s)
        self._pings = [*self._pings, job][-2:]  # behind a slow server only the newest are worth saying
        self._go_on_pinging()

    def _go_on_pinging(self) -> None:
        if self._ping is not None and (result := self._ping.result()) is not None:
            self._ping, self._wrong_ping = None, result.failed
            self._review()
        if self._ping is None and self._pings:
            self._ping = Delivery(self._pings.pop(0), self.ring)

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is being told right now."""
        return self._under_way is not None or self._ping is not None or bool(self._pings)

    # the end

    def close(self) -> None:
        """Whatever is under way is given up: what was not delivered is told by the next start."""
        for each in (self._ping, self._under_way[0] if self._under_way is not None else None):
            if each is not None:
                each.cancel()
