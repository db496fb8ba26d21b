"""A person at a browser without scripts (浏览者): reads pages, fills in the forms they offer, follows their links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import httpx

TIMEOUT = 60.0
File = tuple[str, bytes, str]  # name, content, media type


class Unexpected(Exception):
    """The platform answered other than the story says; the text holds what it said."""


@dataclass
class Form:
    """A form as a page offers it (表单): where it is sent, what is filled in already, what can be chosen."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    name: str = ""

    def filled(self, values: Mapping[str, str]) -> "Form":
        """Return the form with these values typed in."""
        return replace(self, fields={**self.fields, **values})

    def named(self, label: str) -> str:
        """Return the name of the field that is shown under a label.

        Raises:
            Unexpected: when there is none.
        """
        for shown, name in self.labels.items():
            if label in shown:
                return name
        raise Unexpected(f"没有这一栏：{label}；有：{', '.join(self.labels)}")

    def choice(self, name: str, label: str) -> str:
        """Return the value behind a choice that is shown under a label.

        Raises:
            Unexpected: when there is no such choice.
        """
        for shown, value in self.choices.get(name, {}).items():
            if label in shown:
                return value
        raise Unexpected(f"{name}: {label} 不在可选项中：{', '.join(self.choices.get(name, {}))}")


class Page(HTMLParser):
    """What a page says and offers (页面): text, links by what they say, forms in order, reasons for refusal."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.reasons: list[str] = []
        self._hidden, self._link, self._option, self._area, self._select = 0, "", "", "", ""
        self._label: list[str] = []
        self._for = ""
        self._captions: dict[str, str] = {}
        self.feed(html)

    @property
    def text(self) -> str:
        """Return the words of the page."""
        return " ".join(self.words)

    def link(self, words: str, part: str = "") -> str:
        """Return the address behind a link that says these words, or whose address holds a part.

        Raises:
            Unexpected: when the page has none.
        """
        for shown, address in self.links:
            if words in shown and part in address:
                return address
        raise Unexpected(f"{self.url}: 没有链接 {words} {part}")

    def form(self, part: str = "", holds: str = "") -> Form:
        """Return the first form whose address holds a part and which has a field.

        Raises:
            Unexpected: when the page has none.
        """
        for form in self.forms:
            if part in form.action and (not holds or holds in form.fields or holds in form.choices):
                return form
        raise Unexpected(f"{self.url}: 没有表单 {part} {holds}；{self.text[:300]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take notice of what a tag offers."""
        known = {name: value or "" for name, value in attrs}
        if reason := known.get("data-reason"):
            self.reasons.append(reason)
        if tag in ("script", "style", "template"):
            self._hidden += 1
        elif tag == "a":
            self._link, self._label = known.get("href", ""), []
        elif tag == "label":
            self._for = known.get("for", "")
        elif tag == "form":
            self.forms.append(Form(known.get("action") or self.url, name=known.get("id", "")))
        elif self.forms:
            self._control(tag, known)

    def handle_endtag(self, tag: str) -> None:
        """Take notice that a tag ends."""
        if tag in ("script", "style", "template"):
            self._hidden -= 1
        elif tag == "a" and self._link:
            self.links.append((" ".join(self._label), self._link))
            self._link = ""
        elif tag == "option":
            self._option = ""
        elif tag == "label":
            self._for = ""
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        """Take notice of words."""
        words = data.strip()
        if not words or self._hidden:
            return
        self.words.append(words)
        if self._link:
            self._label.append(words)
        if self._for:
            self._captions[self._for] = self._captions.get(self._for, "") + words
        if self._option:
            self.forms[-1].choices[self._select][words] = self._option
        if self._area:
            self.forms[-1].fields[self._area] = data

    def _owner(self, name: str) -> Form:
        """Return the form that a control belongs to: the one it names, or the one in which it stands."""
        return next((form for form in reversed(self.forms) if name and form.name == name), self.forms[-1])

    def _control(self, tag: str, known: Mapping[str, str]) -> None:
        form, name = self._owner(known.get("form", "")), known.get("name", "")
        if name and known.get("id", "") in self._captions:
            form.labels[self._captions[known["id"]]] = name
        if tag == "textarea":
            form.fields[name], self._area = "", name
        elif tag == "select":
            form.choices[name], self._select = {}, name
            form.fields.pop(name, None)
        elif tag == "option" and self._select:
            self._option = known.get("value", "")
            if "selected" in known or self._select not in form.fields:
                form.fields[self._select] = self._option
        elif tag == "input" and name:
            kind = known.get("type", "text")
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, {})[known.get("value", "on")] = known.get("value", "on")
                if "checked" in known:
                    form.fields[name] = known.get("value", "on")
            elif kind not in ("submit", "file"):
                form.fields[name] = known.get("value", "")


class Person:
    """Somebody who uses the platform (使用者); signed in under an account, or the public."""

    def __init__(
        self, base: str, account: str = "", password: str = "", *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.account = account
        self.client = httpx.Client(
            base_url=base, timeout=TIMEOUT, trust_env=False, follow_redirects=True, transport=transport
        )
        if account:
            form = self.open("/account/sign-in").form(holds="password")
            self.send(form, account=account, password=password)

    def open(self, address: str) -> Page:
        """Open a page.

        Raises:
            Unexpected: when it is not there for this person.
        """
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise Unexpected(f"{self.account} {address}: {answer.status_code} {_shown(answer)}")
        return Page(address, answer.text)

    def fetch(self, address: str) -> bytes:
        """Open something that is no page, and return its bytes.

        Raises:
            Unexpected: when it is not there for this person.
        """
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise Unexpected(f"{self.account} {address}: {answer.status_code}")
        return answer.content

    def send(
        self,
        form: Form,
        *,
        file: File | None = None,
        expect: str = "",
        stay: bool = False,
        **fields: str | Sequence[str],
    ) -> Page:
        """Send a form with these fields filled in and return the page that answers.

        Args:
            form: as a page offered it.
            file: what goes into its field ``file``.
            expect: code of the refusal that is expected; empty when it is to be done.
            stay: do not wait for the page to which the answer leads; what was sent is done all the same.
            fields: what is filled in beside what was there.

        Raises:
            Unexpected: when the answer is another one.
        """
        kept = {name: value for name, value in {**form.fields, **fields}.items() if name}
        files = {"file": file} if file else None
        answer = self.client.post(form.action, data=kept, files=files, follow_redirects=not stay)
        page = Page(answer.url.raw_path.decode(), answer.text)
        if expect and expect in page.reasons:
            return page
        if expect or answer.status_code not in (200, 201, 202, *((303,) if stay else ())):
            raise Unexpected(f"{self.account} {form.action}: {answer.status_code} {page.reasons} {page.text[:600]}")
        return page

    def confirm(self, page: Page) -> Page:
        """Type the word that an act which cannot be taken back asks for, and go on.

        Raises:
            Unexpected: when the page asks for no word, or the act is refused.
        """
        form = page.form(holds="word")
        asked = next((label for label, name in form.labels.items() if name == "word"), "")
        return self.send(form, word=asked.partition("“")[2].partition("”")[0])

    def close(self) -> None:
        """Leave."""
        self.client.close()


def _shown(answer: httpx.Response) -> str:
    return Page("", answer.text).text[:400]
