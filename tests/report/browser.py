# SPDX-License-Identifier: Apache-2.0
"""A browser without a screen, over the two pipes of its DevTools protocol. Uses nothing but Python."""
import base64
import json
import os
import select
import subprocess
import time

BINARY = "/usr/bin/chromium-headless-shell"
ANSWER_S = 60


class Browser:
    def __init__(self, directory):
        ours_in, its_out = os.pipe()
        its_in, ours_out = os.pipe()

        def place():  # it reads 3 and writes 4
            read, write = os.dup2(its_in, 10), os.dup2(its_out, 11)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.log = open(directory + "/browser.log", "wb")
        self.process = subprocess.Popen(
            [BINARY, "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir=" + directory + "/profile"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(its_in)
        os.close(its_out)
        self.to, self.of, self.rest = ours_out, ours_in, b""
        self.number, self.session, self.events = 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network", "DOM", "Audits":
            self.call(domain + ".enable")

    def receive(self, seconds):
        until = time.monotonic() + seconds
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.of], [], [], left)[0]:
                return None
            data = os.read(self.of, 1 << 20)
            if not data:
                raise RuntimeError("the browser went away: see its log")
            self.rest += data
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.receive(ANSWER_S)
            if message is None:
                raise TimeoutError(f"no answer to {method}")
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def settle(self, name, seconds=30):
        """Until that event has come."""
        until = time.monotonic() + seconds
        while not any(e.get("method") == name for e in self.events):
            message = self.receive(max(0, until - time.monotonic()))
            if message is None:
                raise TimeoutError(f"no {name}")
            self.events.append(message)

    def open(self, url, width=1280, height=900, dark=False, script=True, media=""):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.events = []
        self.call("Page.navigate", url=url)
        self.settle("Page.loadEventFired")

    def run(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def picture(self, path=None, clip=None, full=False):
        options = {"format": "png", "captureBeyondViewport": full}
        if clip:
            options["clip"] = {**clip, "scale": 1}
            options["captureBeyondViewport"] = True
        data = base64.b64decode(self.call("Page.captureScreenshot", **options)["data"])
        if path:
            with open(path, "wb") as f:
                f.write(data)
        return data

    def pdf(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69)["data"]))

    def key(self, key, modifiers=0):
        for kind in "rawKeyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, modifiers=modifiers)

    def drag(self, x0, x1, y):
        for kind, x in ("mousePressed", x0), ("mouseMoved", x1), ("mouseReleased", x1):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
