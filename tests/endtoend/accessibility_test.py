#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A whole session without mouse, keyboard or eyes: everything is read from, and done through, the accessibility tree.

It is what a screen reader has, and what tools that test other programs have. What was done is told by others: the
sample's own log, and coroscopectl.

    accessibility_test.py --bin DIRECTORY

Ends with 77 where a program for it is missing.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import display_test as display  # noqa: beside this file
from display_test import ROW, eventually


class Session:
    def __init__(self, desktop, programs):
        self.desktop, self.programs = desktop, programs
        self.sample = display.Sample(desktop, programs, 600)
        self.window = desktop.start(programs + "/coroscope", "--pid", str(self.sample.process.pid), "--size", "1280x800",
                                    output=desktop.scratch + "/coroscope.out")
        self.eyes = display.Eyes(desktop, self.window.pid)
        self.state = self.eyes.atspi.StateType

    def has(self, one, *states):
        held = one.get_state_set()
        return all(held.contains(state) for state in states)

    def row(self, pattern):
        return self.eyes.wait(ROW, pattern)

    def actions(self, one):
        return {one.get_action_name(i): i for i in range(one.get_n_actions())}

    def act(self, one, name):
        names = self.actions(one)
        assert name in names, f"{one.get_name()} can {sorted(names)}, not {name}"
        assert one.do_action(names[name])

    def finds_the_tree(self):
        tree = self.eyes.wait("tree", "^Jobs$", lambda one: one.get_child_count() > 0)
        first = eventually(lambda: tree.get_child_at_index(0), "the first row")
        assert first.get_role_name() == ROW, first.get_role_name()
        assert first.get_parent() == tree
        assert self.has(first, self.state.SELECTABLE, self.state.FOCUSABLE)
        assert re.search(r"[Ss]uspended|[Ww]aits|[Rr]unning|[Aa]ctive", first.get_name()), \
            f"both axes of its state are in its name: {first.get_name()}"

    def expands_and_collapses(self):
        closed = eventually(lambda: next((one for one in self.eyes.all(ROW)
                                          if self.has(one, self.state.EXPANDABLE)
                                          and not self.has(one, self.state.EXPANDED)), None), "a row that is closed")
        name = re.escape(closed.get_name().split(",")[0])
        self.act(closed, "Toggle")
        self.eyes.wait(ROW, f"^{name}", lambda one: self.has(one, self.state.EXPANDED))
        self.act(self.row(f"^{name}"), "Toggle")
        self.eyes.wait(ROW, f"^{name}", lambda one: not self.has(one, self.state.EXPANDED))

    def searches(self, words):
        field = eventually(lambda: next((one for one in self.eyes.all("text")
                                         if self.has(one, self.state.EDITABLE)), None), "the search")
        assert self.eyes.atspi.EditableText.set_text_contents(field, words)

    def selects(self, job):
        self.searches(job)
        one = self.row(f"^{job} ")
        self.act(one, "Press")
        self.eyes.wait(ROW, f"^{job} ", self.eyes.selected)
        self.eyes.wait("label", f"^{job}$")  # the details follow
        self.searches("")
        self.eyes.wait(ROW, f"^{job} ", self.eyes.selected)

    def cancels(self, job):
        before = len(self.sample.says(f"{job}: cleanup done"))
        self.act(self.row(f"^{job} "), "Cancel")
        confirm = self.eyes.wait("push button", r"^Cancel [\d,]+ jobs$")
        reason = eventually(lambda: next((one for one in self.eyes.all("text")
                                          if re.search("[Rr]eason|[Ww]hy", one.get_name() + one.get_description())),
                                         None), "the field for the reason")
        assert self.eyes.atspi.EditableText.set_text_contents(reason, "said, not clicked")
        assert not self.sample.says("said, not clicked"), "nothing is sent before it is confirmed"
        eventually(lambda: self.eyes.enabled(confirm), "the button that confirms")
        self.act(confirm, "Press")
        eventually(lambda: len(self.sample.says(f"{job}: cleanup done")) > before, "the sample's own word for it")
        self.eyes.wait("label", r"finished \d+")
        log = subprocess.run([self.programs + "/coroscopectl", "commands", str(self.sample.process.pid)],
                             stdout=subprocess.PIPE, text=True, timeout=display.PATIENCE, check=True).stdout
        assert "said, not clicked" in log, log

    def reads_the_map(self):
        # One of several that exclude each other; what Qt calls that depends on its version.
        roles = ("radio button", "check box", "toggle button", "push button")
        button = eventually(lambda: next(filter(None, (self.eyes.named(role, "^Map$") for role in roles)), None),
                            "the switch to the map")
        self.act(button, "Toggle" if "Toggle" in self.actions(button) else "Press")
        drawing = self.eyes.wait("tree", "^Map of the jobs$")

        def selects_one():
            """Jobs come and go: the first one there may have ended before it is asked for its name."""
            drawing.clear_cache()
            job = drawing.get_child_at_index(0)
            if not job or not job.get_name():
                return False
            self.act(job, "Press")
            return True
        eventually(selects_one, "a job with a name in the map")
        eventually(lambda: any(self.eyes.selected(one) for one in self.eyes.all(ROW, drawing)), "a job, selected there")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    programs = os.path.abspath(parser.parse_args().bin)
    for program in ("Xvfb", "openbox", "xdotool", "dbus-daemon", "dbus-send"):
        if not shutil.which(program):
            display.skip(f"there is no {program} here")
    try:
        import gi
        gi.require_version("Atspi", "2.0")
    except (ImportError, ValueError) as problem:
        display.skip(f"the accessibility tree cannot be read here: {problem}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="coroscope-session-", dir="/tmp") as scratch:
        desktop = session = None
        try:
            desktop = display.Desktop(scratch)
            session = Session(desktop, programs)
            session.finds_the_tree()
            session.expands_and_collapses()
            session.selects("conn-2")
            session.cancels("conn-2")
            session.reads_the_map()
        except BaseException:
            if desktop:
                display.explain(desktop, session)
            raise
        finally:
            if desktop:
                desktop.stop()


if __name__ == "__main__":
    main()
