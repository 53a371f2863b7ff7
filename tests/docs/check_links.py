#!/usr/bin/env python3
"""check_links.py SOURCE_DIR - every relative link and picture in every Markdown file of the tree leads to a file that is there,
and #words to a heading of its Markdown target, by GitHub's rules."""
import collections
import html
import os
import re
import subprocess
import sys
import urllib.parse

LINK = re.compile("|".join([
    r'\]\( *<?([^)\s>]+)>?(?: +"[^"]*")? *\)',  # [text](target), ![text](target "title")
    r'^ *\[[^\]]+\]: +<?([^\s>]+)',  # [name]: target
    r'<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"']), re.M)


def without_code(text):
    """Lines stay where they are; what is in code blocks and spans is gone."""
    lines, fence = [], None
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(```+|~~~+)", line)
        if mark and fence is None:
            fence = mark[1]
        elif mark and line.strip() == fence:
            fence, line = None, ""
        lines.append("" if fence or line.startswith("    ") else line)
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", lambda span: "\n" * span[0].count("\n"), "\n".join(lines), flags=re.S)


def anchors(text):
    """Of headings: in lower case, without punctuation, blanks as hyphens; repeated ones get -1, -2..."""
    found, times = set(re.findall(r'<a[^>]*\b(?:id|name)="([^"]+)"', text)), collections.Counter()
    fence = False
    for line in text.split("\n"):
        fence ^= line.startswith("```")
        if not fence and (match := re.match(r" {0,3}#{1,6} +(.*?)(?: +#+)? *$", line)):
            words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", html.unescape(re.sub(r"<[^>]*>", "", match[1])))
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.add(slug + (f"-{times[slug]}" if times[slug] else ""))
            times[slug] += 1
    return found


def markdown_files(root):
    try:
        return subprocess.run(["git", "-C", root, "ls-files", "-z", "*.md"], capture_output=True, check=True,
                              text=True).stdout.split("\0")[:-1]
    except (OSError, subprocess.CalledProcessError):  # no repository: everything but what is built
        return [os.path.relpath(os.path.join(folder, name), root) for folder, folders, names in os.walk(root)
                for name in names if name.endswith(".md") and not re.search(r"/(\.|build)", folder[len(root):])]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def complaint(root, file, target):
    """What is wrong with a link, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
        return None
    path, _, words = urllib.parse.unquote(target).partition("#")
    place = os.path.normpath(os.path.join(root, path[1:] if path.startswith("/") else os.path.join(os.path.dirname(file), path)))
    place = place if path else os.path.join(root, file)
    if not os.path.exists(place):
        return "no such file"
    if os.path.relpath(place, root).startswith(".."):
        return "leads out of the tree"
    if words and place.endswith(".md") and words not in anchors(read(place)):
        return "no such heading"
    return None


def main():
    root, links, wrong = os.path.abspath(sys.argv[1]), 0, 0
    files = markdown_files(root)
    for file in files:
        if not os.path.exists(os.path.join(root, file)):
            continue  # removed, not yet committed
        text = without_code(read(os.path.join(root, file)))
        for match in LINK.finditer(text):
            target = next(filter(None, match.groups()))
            links += 1
            if why := complaint(root, file, target):
                wrong += 1
                print(f"{file}:{text.count(chr(10), 0, match.start()) + 1}: {target}: {why}")
    print(f"{len(files)} files, {links} links, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
