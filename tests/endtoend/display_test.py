#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The real program on a real display, used as a person uses it: a window manager, a mouse, a keyboard.

Where to click is asked of the accessibility tree, as a screen reader does; the clicks themselves come from the X
server. What they did is told by others: the sample's own log, coroscopectl, the window manager. Pictures of each step
stay in the directory PICTURES.

    display_test.py --bin DIRECTORY --pictures DIRECTORY [--theme light|dark] [--size WxH]

Ends with 77 where a program for it is missing.
"""
import argparse
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

MOST_CHILDREN = 300
PATIENCE = 150  # seconds for what must come: sanitizers and a busy machine are slow
ANSWER = 20  # seconds for a tool that asks the X server or the bus; who asks again must not wait for it for ever
SKIPPED = 77
ROW = "table cell"  # what Qt calls an item of a tree


def skip(why):
    print("skipped:", why)
    sys.exit(SKIPPED)


def eventually(ask, what):
    """The first true answer of ask(), asked again and again. What it raises counts as not yet: things move."""
    end = time.monotonic() + PATIENCE
    problem = None
    while time.monotonic() < end:
        try:
            if answer := ask():
                return answer
            problem = None
        except Exception as e:  # noqa: an accessible object that has just gone, a row that has moved
            problem = e
        time.sleep(0.05)
    raise AssertionError(f"did not come: {what}" + (f" ({problem})" if problem else ""))


class Desktop:
    """A display in memory, a window manager, a bus, and the programs that were started on it."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.processes = []
        try:
            self.begin()
        except BaseException:
            self.stop()
            raise

    def begin(self):
        scratch = self.scratch
        # Where the settings of a desktop would be looked for there is nothing to wait for.
        os.environ.update(
            GSETTINGS_BACKEND="memory", HOME=scratch, TMPDIR=scratch, XDG_RUNTIME_DIR=scratch + "/run", XDG_CONFIG_HOME=scratch + "/config",
            XDG_STATE_HOME=scratch + "/state", XDG_DATA_HOME=scratch + "/data", XDG_CACHE_HOME=scratch + "/cache",
            QT_QPA_PLATFORM="xcb", QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1", GTK_A11Y="none", NO_AT_BRIDGE="1")
        os.environ.pop("WAYLAND_DISPLAY", None)
        os.mkdir(scratch + "/run", 0o700)
        read, write = os.pipe()
        # Without -noreset it begins anew whenever its last client leaves.
        self.start("Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset",
                   keep=[write])
        os.close(write)
        with os.fdopen(read) as number:
            display = number.readline().strip()
        if not display:
            raise AssertionError("Xvfb did not start")
        os.environ["DISPLAY"] = ":" + display
        read, write = os.pipe()
        self.start("dbus-daemon", f"--config-file={self.bus_config()}", "--nofork", f"--print-address={write}",
                   keep=[write])
        os.close(write)
        with os.fdopen(read) as address:
            os.environ["DBUS_SESSION_BUS_ADDRESS"] = address.readline().strip()
        self.begin_accessibility()
        self.manager = manager = self.start("openbox", "--sm-disable", output=scratch + "/openbox.out")
        # It is there once it does what it is told. Sooner it may take a window's wish to be shown into a queue of its
        # own while it begins, and look there only when something else happens: with nobody to do anything, never.
        eventually(lambda: manager.poll() is not None or self.run("xdotool", "set_num_desktops", "3",
                                                                  "get_num_desktops").strip() == "3",
                   "the window manager")
        assert manager.poll() is None, open(scratch + "/openbox.out", encoding="utf-8").read()

    def bus_config(self):
        """Of a bus that starts nothing but accessibility: a portal or a settings service of this machine that does
        not come up would keep each program here waiting, for up to two minutes."""
        services = self.scratch + "/services"
        os.mkdir(services)
        for one in glob.glob("/usr/share/dbus-1/services/org.a11y.*.service"):
            shutil.copy(one, services)
        file = self.scratch + "/bus.conf"
        with open(file, "w", encoding="utf-8") as config:
            config.write(f"""<busconfig><type>session</type><listen>unix:tmpdir={self.scratch}</listen>
                <auth>EXTERNAL</auth><servicedir>{services}</servicedir>
                <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
                <allow own="*"/></policy></busconfig>""")
        return file

    def begin_accessibility(self):
        """Its bus and its registry, before a program begins that would wait for them while it starts."""
        def address():
            answer = self.run("dbus-send", "--session", "--print-reply=literal", "--dest=org.a11y.Bus",
                              "/org/a11y/bus", "org.a11y.Bus.GetAddress").strip()
            return answer if answer.startswith("unix:") else None
        bus = eventually(address, "the bus for accessibility")
        eventually(lambda: "uint32" in self.run(
            "dbus-send", f"--bus={bus}", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus.StartServiceByName", "string:org.a11y.atspi.Registry", "uint32:0"),
            "the registry for accessibility")

    def start(self, *command, keep=(), output=None):
        out = open(output, "ab") if output else subprocess.DEVNULL
        process = subprocess.Popen(command, pass_fds=keep, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.processes.append(process)
        return process

    def run(self, *command):
        """What it says; what it does not say in time was nothing."""
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  timeout=ANSWER, check=False).stdout.decode()
        except subprocess.TimeoutExpired:
            print(f"no answer in {ANSWER} s:", *command, file=sys.stderr, flush=True)
            return ""

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def window(self, title):
        """Number of the visible window whose whole title matches."""
        return self.run("xdotool", "search", "--onlyvisible", "--name", f"^{title}$").split()[:1]

    def state_of(self, process):
        """What a program does that shows no window: whether it runs, where its threads wait, which windows there are."""
        if process.poll() is not None:
            return f"it has ended with {process.returncode}"
        used = sum(map(int, open(f"/proc/{process.pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()[11:13]))
        threads = [f"{open(t + '/comm').read().strip()} in {open(t + '/wchan').read()}, {open(t + '/syscall').read().strip()}"
                   for t in glob.glob(f"/proc/{process.pid}/task/*")]
        windows = self.run("xdotool", "search", "--onlyvisible", "--name", ".", "getwindowname", "%@").split("\n")
        return f"{used / os.sysconf('SC_CLK_TCK')} s of processor time; its threads: {threads}; windows: {windows}"

    def key(self, *keys):
        self.run("xdotool", "key", "--clearmodifiers", *keys)

    def type(self, text):
        self.run("xdotool", "type", "--delay", "15", text)


def explain(desktop, visit):
    """All that is known after a failure. Whoever does not answer must not keep the others from being heard."""
    if visit:
        print("the window:", desktop.state_of(visit.window), file=sys.stderr)
        try:
            print(visit.eyes.describe(), file=sys.stderr)
        except Exception as e:  # noqa: the program may be what hangs
            print("it cannot be read aloud:", e, file=sys.stderr)
    for name in ("coroscope.out", "orders.out") if desktop else ():
        if os.path.exists(f"{desktop.scratch}/{name}"):
            print(name, open(f"{desktop.scratch}/{name}", errors="replace").read(), file=sys.stderr)


class Eyes:
    """What a screen reader sees of one program."""

    def __init__(self, desktop, pid):
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi, GLib
        self.gone = GLib.Error
        self.atspi, self.desktop, self.pid = Atspi, desktop, pid
        Atspi.init()
        self.program = eventually(self._program, "the program among those that can be read aloud")

    def _program(self):
        desktop = self.atspi.get_desktop(0)
        desktop.clear_cache()
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child and child.get_process_id() == self.pid:
                return child
        return None

    def all(self, role, root=None):
        """Everything of that role that is showing."""
        found, left = [], [root or self.program]
        while left:
            at = left.pop()
            try:
                at.clear_cache()
                # What hides, hides all that is in it; a table may be long.
                if at != self.program and not at.get_state_set().contains(self.atspi.StateType.SHOWING):
                    continue
                if at.get_role_name() == role:
                    found.append(at)
                # Nobody reads thousands of cells, least of all while more come in.
                few = min(at.get_child_count(), MOST_CHILDREN)
                left.extend(filter(None, (at.get_child_at_index(i) for i in reversed(range(few)))))
            except self.gone:
                pass  # a job that has ended meanwhile
        return found

    def describe(self):
        """All that is showing, for whoever has to find out why something did not come."""
        lines, left = [], [(self.program, 0)]
        while left:
            at, depth = left.pop()
            if at.get_state_set().contains(self.atspi.StateType.SHOWING) or depth == 0:
                lines.append(f"{'  ' * depth}{at.get_role_name()} “{at.get_name()}”")
                children = (at.get_child_at_index(i) for i in reversed(range(at.get_child_count())))
                left.extend((child, depth + 1) for child in children if child)
        return "\n".join(lines)

    def named(self, role, pattern, within=None):
        """The first of that role whose name matches; `within` is the same of something around it."""
        root = self.named(*within) if within else None
        if within and not root:
            return None
        return next((one for one in self.all(role, root) if re.search(pattern, one.get_name() or "")), None)

    def wait(self, role, pattern, ready=lambda one: True):
        return eventually(lambda: (one := self.named(role, pattern)) and ready(one) and one, f"{role} “{pattern}”")

    def words(self, field):
        """What somebody has typed there."""
        return self.atspi.Text.get_text(field, 0, -1)

    def place(self, one):
        box = self.atspi.Component.get_extents(one, self.atspi.CoordType.SCREEN)
        return box.x, box.y, box.width, box.height

    def click(self, role, pattern, times=1, ready=lambda one: True, within=None):
        """Once it has stopped moving, in its middle."""
        def still():
            one = self.named(role, pattern, within)
            if not one or not ready(one):
                return None
            box = self.place(one)
            time.sleep(0.1)
            same = self.named(role, pattern, within)
            return box if same and self.place(same) == box and box[2] > 0 else None
        x, y, width, height = eventually(still, f"{role} “{pattern}” that keeps its place")
        self.desktop.run("xdotool", "mousemove", str(x + min(width // 2, 120)), str(y + height // 2),
                         "click", "--repeat", str(times), "1")

    def enabled(self, one):
        return one.get_state_set().contains(self.atspi.StateType.ENABLED)

    def selected(self, one):
        return one.get_state_set().contains(self.atspi.StateType.SELECTED)


class Sample:
    """The program that is looked at, with its own log as the witness."""

    def __init__(self, desktop, programs, jobs):
        self.log = desktop.scratch + "/orders.log"
        self.address = desktop.scratch + "/control"
        self.process = desktop.start(programs + "/orders", "--jobs", str(jobs), "--log", self.log, "--control",
                                     self.address, output=desktop.scratch + "/orders.out")
        eventually(lambda: self.control("faults").startswith("global="), "the sample")

    def control(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(self.address)
            connection.sendall(command.encode() + b"\n")
            return connection.makefile().readline().strip()

    def says(self, pattern):
        with open(self.log, encoding="utf-8", errors="replace") as lines:
            return [line for line in lines if re.search(pattern, line)]


class Visit:
    """One walk through the window."""

    def __init__(self, desktop, arguments):
        self.desktop, self.programs, self.pictures = desktop, arguments.bin, arguments.pictures
        self.pictures_taken = 0
        self.sample = Sample(desktop, self.programs, 600)
        self.window = desktop.start(self.programs + "/coroscope", "--theme", arguments.theme, "--size", arguments.size,
                                    output=desktop.scratch + "/coroscope.out")
        try:
            eventually(lambda: desktop.window("Coroscope"), "the window")
        except AssertionError as e:
            raise AssertionError(f"{e}; {desktop.state_of(self.window)}; the window manager: {desktop.state_of(desktop.manager)}") from None
        self.eyes = Eyes(desktop, self.window.pid)

    def picture(self, name):
        self.pictures_taken += 1
        file = f"{self.pictures}/{self.pictures_taken}-{name}.png"
        self.desktop.run("import", "-silent", "-window", "root", file)
        assert os.path.getsize(file) > 10_000, f"no picture: {file}"
        print("picture", file, flush=True)

    def title(self, pattern):
        return eventually(lambda: self.desktop.window(pattern), f"a window titled “{pattern}”")

    def ctl(self, *words):
        return subprocess.run([self.programs + "/coroscopectl", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)

    def search(self, words, job):
        """Finds a job by its name and selects it; then shows the whole tree again, with it in sight."""
        self.desktop.key("ctrl+f")
        self.desktop.type(words)
        self.eyes.click(ROW, f"^{job} ")
        self.eyes.wait("label", f"^{job}$")
        self.desktop.key("ctrl+f", "Escape")

    def attach(self):
        self.picture("empty")
        self.eyes.click("push button", "^Attach")
        self.title("Attach to a program")
        pid = self.sample.process.pid
        # Other programs may come and go in the list meanwhile, and move it.
        sample = ("list item", rf"orders.*\b{pid}\b")
        dialog = ("list", "^Programs$")

        def chosen():
            if (row := self.eyes.named(*sample, dialog)) and self.eyes.selected(row):
                return True
            self.eyes.click(*sample, within=dialog)
            return False
        eventually(chosen, "the sample, chosen in the list")
        self.picture("attach")
        self.eyes.click("push button", "^Attach$", ready=self.eyes.enabled)
        self.title(rf"orders \(pid {pid}\) - Coroscope")
        self.eyes.wait(ROW, "^orders ")

    def select(self):
        self.search("conn-2", "conn-2")
        self.eyes.wait(ROW, "^conn-2 ", self.eyes.selected)
        self.picture("selected")

    def cancel(self):
        before = len(self.sample.says("conn-2: cleanup done"))
        self.eyes.click(ROW, "^conn-2 ")
        self.desktop.key("Delete")
        self.eyes.wait("push button", r"^Cancel \d+ jobs$")
        self.desktop.type("drained by hand")
        self.picture("question")
        assert not self.sample.says("drained by hand"), "nothing may be sent before it is confirmed"
        assert len(self.sample.says("conn-2: cleanup done")) == before, "nor may anything stop"
        self.eyes.click("push button", r"^Cancel \d+ jobs$", ready=self.eyes.enabled)
        eventually(lambda: len(self.sample.says("conn-2: cleanup done")) > before, "the sample's own word for it")
        numbers = self.eyes.place(self.eyes.wait("label", r"finished \d+"))
        head = self.eyes.place(self.eyes.wait("push button", "^Hide Details$"))
        assert numbers[1] > head[1], f"how it went is in sight, not above what can be seen: {numbers}, {head}"
        left = self.ctl("tree", str(self.sample.process.pid), "--json")
        assert left.returncode == 0, left.stdout
        self.picture("cancelled")

    def choose_file(self, title, path, button):
        """In the dialog of that title, whose field for the name has the keyboard."""
        self.title(title)
        dialog = ("dialog", f"^{title}$")
        eventually(lambda: self.eyes.named("text", "", dialog), "the field for the name")
        self.desktop.key("ctrl+a")
        self.desktop.type(path)
        eventually(lambda: path in map(self.eyes.words, self.eyes.all("text", self.eyes.named(*dialog))), "the name")
        # The list of files that begin so lies over the dialog: it takes the first click.
        self.eyes.click("push button", f"^{button}$", ready=self.eyes.enabled, within=dialog)
        end = time.monotonic() + 3
        while self.desktop.window(title) and time.monotonic() < end:
            time.sleep(0.05)
        if self.desktop.window(title):
            self.eyes.click("push button", f"^{button}$", ready=self.eyes.enabled, within=dialog)
        eventually(lambda: not self.desktop.window(title), f"the end of “{title}”")

    def names(self, source):
        """Of all jobs that coroscopectl sees there."""
        answer = self.ctl("tree", source, "--json")
        assert answer.returncode == 0, answer.stdout
        found, left = set(), json.loads(answer.stdout)["roots"]
        while left:
            job = left.pop()
            found.add(job["name"])
            left.extend(job["children"])
        return found

    def save_and_open(self):
        file = self.desktop.scratch + "/evening.coroscope"
        self.desktop.key("ctrl+s")
        self.choose_file("Save a dump", file, "Save")
        names = eventually(lambda: os.path.exists(file) and self.names(file), "a dump that can be read")
        assert "conn-1" in names and "conn-2" not in names, f"what was there when it was saved: {sorted(names)}"
        assert os.stat(file).st_mode & 0o777 == 0o600, "a dump is for nobody else"
        self.picture("saved")
        self.desktop.key("ctrl+o")
        self.choose_file("Open a dump", file, "Open")
        self.title(rf"Dump of orders \(pid {self.sample.process.pid}\) - Coroscope")
        self.search("conn-1", "conn-1")
        self.picture("opened")

    def leave(self):
        self.desktop.key("ctrl+q")
        assert self.window.wait(PATIENCE) == 0, "the window ends as it should"
        before = len(self.sample.says("heartbeat"))
        eventually(lambda: len(self.sample.says("heartbeat")) > before, "the sample, which goes on without us")
        assert self.sample.control("quit") == "ok"
        assert self.sample.process.wait(PATIENCE) == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--pictures", required=True)
    parser.add_argument("--theme", default="light")
    parser.add_argument("--size", default="1440x900")
    arguments = parser.parse_args()
    arguments.bin = os.path.abspath(arguments.bin)
    arguments.pictures = os.path.abspath(arguments.pictures)
    for program in ("Xvfb", "openbox", "xdotool", "import", "dbus-daemon", "dbus-send"):
        if not shutil.which(program):
            skip(f"there is no {program} here")
    try:
        import gi
        gi.require_version("Atspi", "2.0")
    except (ImportError, ValueError) as problem:
        skip(f"the accessibility tree cannot be read here: {problem}")
    shutil.rmtree(arguments.pictures, ignore_errors=True)
    os.makedirs(arguments.pictures)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="coroscope-display-", dir="/tmp") as scratch:
        desktop = visit = None
        try:
            desktop = Desktop(scratch)
            visit = Visit(desktop, arguments)
            visit.attach()
            visit.select()
            visit.cancel()
            visit.save_and_open()
            visit.leave()
        except BaseException:
            if desktop:
                desktop.run("import", "-silent", "-window", "root", arguments.pictures + "/failed.png")
            explain(desktop, visit)
            raise
        finally:
            if desktop:
                desktop.stop()


if __name__ == "__main__":
    main()
