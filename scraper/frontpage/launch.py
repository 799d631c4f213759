"""Become a browser that speaks on two given pipes, without the rights of root.

Run as a script between us and Chromium: ``launch.py READ WRITE PROGRAM …``. Chromium takes its
orders on descriptor 3 and answers on 4. It refuses to run its sandbox as root, so that root
becomes ``nobody`` first. Only the standard library: it runs with ``-I -S``.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import sys

USER = "nobody"


def main() -> None:
    """Put the pipes in place, give up root, and become the program."""
    # Above the two places that are about to be filled.
    orders, answers = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
    os.dup2(orders, 3)
    os.dup2(answers, 4)
    os.close(orders)
    os.close(answers)
    if os.geteuid() == 0:
        account = pwd.getpwnam(USER)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606  # no shell on purpose


if __name__ == "__main__":
    main()
