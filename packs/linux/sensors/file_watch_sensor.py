"""Watches files for new lines: the system says when something changes, and a slow look makes up for what it misses."""

import ctypes
import os
import select
import struct
import threading

from st2reactor.sensor.base import Sensor

LOOK_INTERVAL = 5.0
"""Seconds between looks at all files; on network file systems only these see changes."""

LONGEST_LINE = 64 * 1024
"""Bytes; longer lines come in pieces."""

_PIECE = 64 * 1024
_CHANGES = 0x2 | 0x40 | 0x80 | 0x100  # IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE
_NO_WAIT = os.O_NONBLOCK | os.O_CLOEXEC
_EVENT = struct.Struct("iIII")


class FileWatchSensor(Sensor):
    """Emits `linux.file_watch.line` for each line that is added to a file which a rule names."""

    def setup(self):
        self._logger = self.sensor_service.get_logger(name=type(self).__name__)
        self._lock = threading.Lock()
        self._tails = {}
        self._changes = DirectoryChanges()

    def run(self):
        while True:
            names = self._changes.wait(LOOK_INTERVAL)
            with self._lock:
                tails = list(self._tails.items())
            for ref, tail in tails:
                if names is None or tail.name in names:
                    self._dispatch(ref, tail)
            if names is None:  # a directory may have come into being
                self._watch_directories()

    def cleanup(self):
        for tail in self._tails.values():
            tail.close()
        self._changes.close()

    def add_trigger(self, trigger):
        path = trigger["parameters"].get("file_path")
        if not path or not os.path.isabs(path):
            self._logger.error("%s: file_path %r is no absolute path; correct the rule.", trigger["ref"], path)
            return
        with self._lock:
            self._tails[trigger["ref"]] = Tail(path)
        self._watch_directories()
        self._logger.info("Watching %s.", path)

    def update_trigger(self, trigger):
        """The parameters of a trigger never change: another path is another trigger."""

    def remove_trigger(self, trigger):
        with self._lock:
            tail = self._tails.pop(trigger["ref"], None)
        if tail is not None:
            tail.close()
            self._watch_directories()
            self._logger.info("No longer watching %s.", tail.path)

    def _dispatch(self, ref, tail):
        try:
            for line in tail.new_lines():
                payload = {"file_path": tail.path, "file_name": tail.name, "line": line}
                self.sensor_service.dispatch(trigger=ref, payload=payload)
        except OSError as error:
            tail.complain(self._logger, error)

    def _watch_directories(self):
        with self._lock:
            self._changes.watch({os.path.dirname(tail.path) for tail in self._tails.values()})


class Tail:
    """The end of one file, wherever it moves: what is there at first is old, what comes later is new."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        self._lock = threading.Lock()
        self._file = None
        self._rest = b""
        self._complaint = None
        self._closed = False
        try:
            self._open()
            self._file.seek(0, os.SEEK_END)
        except OSError:  # it may come later, and all of it is new then
            pass

    def new_lines(self):
        """Yield the lines that were added, as text. Raises `OSError` for a file that cannot be read."""
        while not self._closed:
            data = self._read()
            if not data:
                if not self._reopen():
                    return
                continue
            *lines, self._rest = (self._rest + data).split(b"\n")
            if len(self._rest) > LONGEST_LINE:
                lines.append(self._rest)
                self._rest = b""
            for line in lines:
                yield line.decode("utf-8", "replace").rstrip("\r")

    def complain(self, logger, error):
        """Log an error, once until another one comes."""
        if str(error) != self._complaint:
            self._complaint = str(error)
            logger.error("%s cannot be read: %s; it is tried again.", self.path, error.strerror)

    def close(self):
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
                self._file = None

    def _read(self):
        with self._lock:
            if self._file is None:
                return b""
            if os.fstat(self._file.fileno()).st_size < self._file.tell():  # truncated: it begins anew
                self._file.seek(0)
                self._rest = b""
            return self._file.read(_PIECE)

    def _reopen(self):
        """Go over to the file that has the path now; tell whether that is another one than before."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        with self._lock:
            if self._closed:
                return False
            if self._file is not None:
                present = os.fstat(self._file.fileno())
                if (present.st_dev, present.st_ino) == (found.st_dev, found.st_ino):
                    return False
                self._file.close()
                self._file = None
            self._rest = b""
            self._open()
            return True

    def _open(self):
        # Without O_NONBLOCK a named pipe would wait here for somebody to write.
        number = os.open(self.path, os.O_RDONLY | _NO_WAIT)
        try:
            self._file = open(number, "rb", buffering=0)
        except OSError:  # a directory
            os.close(number)
            raise
        self._complaint = None


class DirectoryChanges:
    """Tells which files of some directories change, as inotify says; without inotify, nothing."""

    def __init__(self):
        self._library = ctypes.CDLL(None, use_errno=True)
        self._fd = self._library.inotify_init1(_NO_WAIT)
        self._watches = {}

    def watch(self, directories):
        """Watch these directories and no others; one that does not exist is left out."""
        for directory in self._watches.keys() - directories:
            self._library.inotify_rm_watch(self._fd, self._watches.pop(directory))
        for directory in directories:
            # Also those that are watched: a directory of that name may be another one by now.
            number = self._library.inotify_add_watch(self._fd, os.fsencode(directory), _CHANGES)
            if number >= 0:
                self._watches[directory] = number

    def wait(self, seconds):
        """Wait for changes; return the names of changed files, or None when time is up."""
        poller = select.poll()
        if self._fd >= 0:
            poller.register(self._fd, select.POLLIN)
        if not poller.poll(seconds * 1000):
            return None
        try:
            data = os.read(self._fd, _PIECE)
        except BlockingIOError:
            return set()
        names, start = set(), 0
        while start < len(data):
            number, _, _, length = _EVENT.unpack_from(data, start)
            start += _EVENT.size + length
            names.add(os.fsdecode(data[start - length : start].rstrip(b"\0")))
            if number < 0:  # events were lost
                return None
        return names

    def close(self):
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
