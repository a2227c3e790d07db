"""Fails if a Markdown file or the front page of the documentation links to what is not there.

Checks relative links, `#anchors`, and those to docs.rs of this crate (against target/doc). Nothing is fetched.
"""

import pathlib
import re
import subprocess
import sys

OURS = "https://docs.rs/bedrock-converse/latest/"
DOC = pathlib.Path("target/doc")


def anchors(path):
    if path.suffix == ".html":
        return set(re.findall(r'\bid="([^"]+)"', path.read_text()))
    headings = re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def target(page, link):
    """The file that `link` on `page` leads to, or None where it leaves the tree."""
    if link.startswith(OURS):
        path = DOC / link[len(OURS) :]
        return path / "index.html" if link.endswith("/") else path
    if re.match(r"[a-z]+:", link):
        return None
    return page.parent / link if link else page


def broken(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    text = re.sub(r"`[^`\n]*`", "", text)
    for link in re.findall(r"\]\(<?([^)\s>]+)", text) + re.findall(r"^\[[^\]]+\]: +(\S+)", text, flags=re.M):
        path, _, anchor = link.partition("#")
        file = target(page, path)
        if file and not file.exists() or file and anchor and anchor not in anchors(file):
            yield f"{page}: {link}"


pages = [pathlib.Path(name) for name in subprocess.check_output(["git", "ls-files", "*.md"], text=True).split()]
found = [line for page in pages for line in broken(page)]
print(*found, sep="\n", end="\n" if found else "")
print(f"{len(pages)} pages, {len(found)} broken links")
sys.exit(bool(found))
