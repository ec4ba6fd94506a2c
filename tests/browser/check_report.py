#!/usr/bin/env python3
"""Opens reports in headless Chromium: no console error, no request, axes, zoom, hostile names.

usage: check_report.py CALCISPEC SAMPLE_FOLDER
Needs python3 and chromium, nothing else: a probe script is put into a copy of each report and its
findings are read from the page; requests are read from Chromium's own network log.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (1200, 800)  # of the window
HOSTILE = ('</script><script>window.pwned=1</script>', '<img src=x onerror=window.pwned=2>',
           '"><svg onload=window.pwned=3>', "'; window.pwned=4; //", '&lt;b&gt; {{7*7}}')


def fail(report, text):
    print(f"browser check: {report}: {text}", file=sys.stderr)
    fail.count += 1


fail.count = 0


def browse(browser, folder, page, width=1200):
    """The page after its scripts have run, what was logged, and the addresses that were asked."""
    log = os.path.join(folder, "net.json")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},1000",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--no-first-run", "--disable-extensions", "--enable-logging=stderr",
               "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
               f"--user-data-dir={folder}/profile", f"--log-net-log={log}",
               "--virtual-time-budget=300000", "--dump-dom", f"file://{page}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    messages = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, messages, page_requests(log)


def page_requests(log):
    """Addresses asked for by pages; what the browser wants for itself has no origin."""
    with open(log, encoding="utf-8") as stream:
        events = json.load(stream)["events"]
    addresses = set()
    for event in events:
        wanted = event.get("params", {})
        url = str(wanted.get("url", ""))
        is_own = wanted.get("initiator", "not an origin") == "not an origin"
        if re.match("(https?|wss?|ftp)://", url) and not is_own:
            addresses.add(url)
    return sorted(addresses)


def with_probe(page, probe):
    """A copy of the report: the watcher runs before every other script, the probe after."""
    with open(page, encoding="utf-8") as stream:
        text = stream.read()
    watcher = ("<script>window.faults=[];addEventListener('error',e=>faults.push(String(e.message)));"
               "addEventListener('securitypolicyviolation',e=>faults.push('policy: '+e.blockedURI));"
               "</script>")
    text = text.replace('<meta name="viewport"', watcher + '<meta name="viewport"', 1)
    head, tail = text.rsplit("</body>", 1)
    copy = page.replace(".html", "_probed.html")
    with open(copy, "w", encoding="utf-8") as stream:
        stream.write(head + "<script>" + probe + "</script></body>" + tail)
    return copy


def findings(dom):
    found = re.search(r'<pre id="findings">(.*?)</pre>', dom, re.S)
    if not found:
        return None
    text = found.group(1)
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(name, sign)
    return json.loads(text)


def make_reports(calcispec, samples, folder):
    """Name of a report: its inputs."""
    with open(os.path.join(samples, "raman_lesion.csv"), encoding="utf-8") as stream:
        rows = [line.split(",") for line in stream.read().splitlines() if line[0] in "0123456789"]
    hostile = os.path.join(folder, "<img src=x onerror=window.pwned=5>.csv")
    with open(hostile, "w", encoding="utf-8") as stream:
        stream.write("\t".join(["raman_shift_1/cm", *HOSTILE]) + "\n")
        for x, y in rows:
            stream.write("\t".join([x] + [y] * len(HOSTILE)) + "\n")
    with open(os.path.join(samples, "map_4x3.txt"), encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    large = os.path.join(folder, "large_map.txt")
    noise = random.Random(1)
    with open(large, "w", encoding="utf-8") as stream:
        stream.write(lines[0] + "\n")
        for k in range(81):
            values = [float(v) for v in lines[1 + k % 12].split("\t")[2:]]
            # One pixel is saturated: refused, so grey in every map.
            cells = ["3000" if k == 40 else f"{v + noise.gauss(0, 3):.1f}" for v in values]
            stream.write("\t".join([str(k % 9), str(k // 9), *cells]) + "\n")
    inputs = {
        "ftir": [os.path.join(samples, "ftir_lesion.csv")],
        "raman": [os.path.join(samples, "raman_lesion.csv")],
        "several": [os.path.join(samples, name) for name in
                    ("map_4x3.txt", "raman_saturated.csv", "ftir_atr_lesion.csv")],
        "hostile": [hostile],
        "large": [large],
    }
    for name, files in inputs.items():
        page = os.path.join(folder, name + ".html")
        subprocess.run([calcispec, "analyze", "-q", *files, "--report", page], check=True,
                       stderr=subprocess.DEVNULL)
    result = os.path.join(folder, "batch.nxs")
    subprocess.run([calcispec, "batch", "run", "-q", large, "-o", result], check=True,
                   stderr=subprocess.DEVNULL)
    subprocess.run([calcispec, "report", result, "-o", os.path.join(folder, "batch.html")],
                   check=True, stderr=subprocess.DEVNULL)
    return [*inputs, "batch"]


def check_page(name, found, messages, addresses):
    if found is None:
        fail(name, "the probe gave no answer")
        return
    for message in messages + found["faults"]:
        fail(name, "console: " + message)
    for address in addresses:
        fail(name, "asked for " + address)
    for fault in found["problems"]:
        fail(name, fault)
    if found["pwned"]:
        fail(name, f"a hostile name ran ({found['pwned']})")
    print(f"browser check: {name}: {found['charts']} charts, {found['maps']} maps, "
          f"{found['checks']} checks")
    if found["charts"] + found["maps"] == 0 or found["checks"] < 3:
        fail(name, "hardly anything was checked; is dygraphs embedded?")


def check_the_check(browser, folder):
    """A page that does ask for something must be caught, or the checks above say nothing."""
    page = os.path.join(folder, "asks.html")
    with open(page, "w", encoding="utf-8") as stream:
        stream.write("<body><img src='http://127.0.0.1:9/x.png'><script>nothing_here()</script>")
    _, messages, addresses = browse(browser, folder, page)
    if not addresses or not messages:
        fail("self test", "a request or a console error went unseen")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    browser = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if browser is None:
        print("browser check: skipped, chromium is not installed")
        return 0
    with open(os.path.join(HERE, "probe.js"), encoding="utf-8") as stream:
        probe = stream.read()
    calcispec, samples = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        check_the_check(browser, folder)
        for name in make_reports(calcispec, samples, folder):
            page = with_probe(os.path.join(folder, name + ".html"), probe)
            for width in WIDTHS:
                dom, messages, addresses = browse(browser, folder, page, width)
                check_page(f"{name}, {width} pixels", findings(dom), messages, addresses)
    return 1 if fail.count else 0


if __name__ == "__main__":
    sys.exit(main())
