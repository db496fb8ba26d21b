"""Take pictures of pages of a running platform (页面截图).

    python -m scripts.screenshots http://127.0.0.1:8000 --as agency:password / /workspace/

Each page is taken at 1366 and 360 px and in large type, into ``build/screens``. With ``--as`` somebody signs in first.
"""

import argparse
import re
import sys

from tests.stories.browser import SCREENS, chromium, shoot, visit


def main() -> int:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description="Take pictures of pages of a running platform.")
    parser.add_argument("base", help="address of the platform, such as http://127.0.0.1:8000")
    parser.add_argument("paths", nargs="+", help="paths to take, such as / or /account/sign-in")
    parser.add_argument("--as", dest="person", default="", metavar="ACCOUNT:PASSWORD", help="sign in first")
    options = parser.parse_args()
    with chromium() as browser:
        page = visit(browser, options.base).page
        if options.person:
            account, _, password = options.person.partition(":")
            page.goto("/account/sign-in")
            page.fill("input[name=account]", account)
            page.fill("input[name=password]", password)
            page.click("main button[type=submit]")
            page.wait_for_url(lambda url: "sign-in" not in url)
        for path in options.paths:
            page.goto(path)
            name = re.sub(r"[^0-9a-z]+", "-", path.lower()).strip("-") or "home"
            shoot(page, f"{options.person.partition(':')[0]}-{name}".strip("-"), SCREENS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
