"""Starts a stack, waits until its bot is at work, and tells a person how it goes."""

from dataclasses import dataclass, replace
from pathlib import Path

from docker.models.containers import Container

from compose import check, dashboard, demo, demo_model, ports, settings, wait
from compose.errors import ComposeError
from compose.stack import PORT_VARIABLE, Bot, Project, Stack, account_stack, demo_stack
from images.console import Console
from probe.report.host_report import read_report
from probe.report.schema import Report


@dataclass(frozen=True, kw_only=True)
class Starting:
    """Starts a stack and tells a person how it goes. ``report`` is what the host chose."""

    project: Project
    console: Console
    report: Report
    dashboard: dashboard.Dashboard

    def demo(self, bot: Bot, sandbox_image: str, port: int) -> int:
        """The demo, until every sample is described."""
        ports.check(port, self.project, "sandbox", PORT_VARIABLE)
        self._check_dashboard()
        self.console.say("Starting the demo: the bot against a sandbox server with sample posts.")
        stack = demo_stack(self._given(bot), sandbox_image, port)
        self._start(demo_model.with_model(self.project, stack, self.console))
        posts = demo.until_described(demo.Sandbox(port=port), self.console)
        demo.show(posts, self.console)
        for line in (
            "",
            f"Every sample is described. See the posts, and add your own: http://127.0.0.1:{port}/",
            *filter(None, [self.dashboard.line]),
            "Stop it with `make down`. For your own account, copy alternator.toml.example to",
            "alternator.toml, fill in the server and the token, and run `make up` again.",
        ):
            self.console.say(line)
        return 0

    def account(self, bot: Bot, config: Path | None) -> int:
        """The bot on an account of the operator's."""
        self._check_dashboard()
        container = self._start(account_stack(self._given(bot)))
        if said := wait.waits_for_server(container):
            self.console.say(f"It waits for its server, and looks again by itself. {said}")
        self.console.say(
            f"The bot runs with {config or 'the variables of this shell'}. Follow it with: "
            f"docker logs --follow {container.name}"
        )
        if self.dashboard.line:
            self.console.say(self.dashboard.line)
        return 0

    def _check_dashboard(self) -> None:
        """ComposeError if another program holds its port."""
        if self.dashboard.port is not None:
            variable = dashboard.PORT_VARIABLE
            ports.check(self.dashboard.port, self.project, "bot", variable)

    def _given(self, bot: Bot) -> Bot:
        """The bot, once its files are where its container finds them."""
        files = bot.handed.files
        if not files:
            return bot
        added = settings.place(self.project.engine, self.project.name, bot.image, files)
        return replace(bot, variables={**bot.variables, **added})

    def _start(self, stack: Stack) -> Container:
        """Start the stack, wait for the bot, and say what its container lacks of the choice."""
        try:
            self.project.compose(stack, "up", "--detach", "--remove-orphans")
        except ComposeError as error:
            words = wait.last_words_of_the_dead(self.project)
            raise ComposeError(f"{error}\n{words}".rstrip()) from error
        podman = self.project.engine.podman
        container = wait.until_healthy(self.project, "bot", self.console, ask=podman)
        self.console.say("The bot is healthy.")
        inside = check.container_report(container)
        for line in check.compare_with_host(read_report(self.report), inside):
            self.console.say(line)
        return container
